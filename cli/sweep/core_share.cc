#include "cli/sweep/core_share.h"

#include <cstddef>

namespace eoa::sweep {

std::vector<int> ShareOf(const std::vector<int>& cores, int index, int parts) {
  const auto count = cores.size();
  const auto share = static_cast<std::size_t>(index);
  const auto shares = static_cast<std::size_t>(parts);
  if (count < shares) return cores;
  const auto begin = static_cast<std::ptrdiff_t>(count * share / shares);
  const auto end = static_cast<std::ptrdiff_t>(count * (share + 1) / shares);
  return {cores.begin() + begin, cores.begin() + end};
}

std::vector<int> AllowedCores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<int> cores;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &allowed)) cores.push_back(core);
  }
  return cores;
}

CoreShare::CoreShare(const std::vector<int>& cores) {
  CPU_ZERO(&before_);
  if (cores.empty() || ::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : cores) CPU_SET(core, &set);
  changed_ = ::sched_setaffinity(0, sizeof set, &set) == 0;
}

CoreShare::~CoreShare() {
  if (changed_) ::sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace eoa::sweep
