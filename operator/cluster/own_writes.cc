#include "operator/cluster/own_writes.h"

#include <algorithm>
#include <utility>

namespace eoa::cluster {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool HasReached(std::string_view cached, std::string_view written) {
  if (cached == written) return true;
  if (!IsNumber(cached) || !IsNumber(written)) return false;
  if (cached.size() != written.size()) return cached.size() > written.size();
  return cached > written;
}

void OwnWrites::Wrote(const kube::ObjectKey& job, std::string_view kind, const kube::ObjectKey& object,
                      const std::string& resource_version, SteadyTime now) {
  if (resource_version.empty()) return;
  const MutexLock lock(mutex_);
  jobs_[job][{std::string(kind), object}] = {resource_version, {}, now};
}

void OwnWrites::Deleted(const kube::ObjectKey& job, std::string_view kind, const kube::ObjectKey& object,
                        const std::string& uid, SteadyTime now) {
  const MutexLock lock(mutex_);
  jobs_[job][{std::string(kind), object}] = {{}, uid, now};
}

std::optional<Duration> OwnWrites::Lag(const kube::ObjectKey& job, const Lookup& lookup, SteadyTime now) {
  const MutexLock lock(mutex_);
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) return std::nullopt;
  std::optional<Duration> longest;
  for (auto write = found->second.begin(); write != found->second.end();) {
    const Duration left = patience_ - (now - write->second.since);
    const std::optional<CachedVersion> cached = lookup(write->first.first, write->first.second);
    const bool deletion = write->second.resource_version.empty();
    const bool arrived = deletion ? !cached || cached->uid != write->second.uid
                                  : cached && HasReached(cached->resource_version, write->second.resource_version);
    if (arrived || left <= Duration::zero()) {
      if (!arrived) ++expired_;
      write = found->second.erase(write);
      continue;
    }
    longest = std::max(longest.value_or(left), left);
    ++write;
  }
  if (found->second.empty()) jobs_.erase(found);
  return longest;
}

void OwnWrites::Forget(const kube::ObjectKey& job) {
  const MutexLock lock(mutex_);
  jobs_.erase(job);
}

std::size_t OwnWrites::waiting() const {
  const MutexLock lock(mutex_);
  return jobs_.size();
}

std::uint64_t OwnWrites::expired() const {
  const MutexLock lock(mutex_);
  return expired_;
}

}  // namespace eoa::cluster
