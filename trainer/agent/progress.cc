#include <algorithm>
#include <tuple>

#include "trainer/agent/session.h"

namespace eoa::agent {

api::HeartbeatRequest MergeProgress(const std::vector<const train::ProgressMessage*>& workers) {
  api::HeartbeatRequest merged;
  merged.phase = "Starting";
  if (workers.empty()) return merged;
  const auto* behind = *std::min_element(workers.begin(), workers.end(), [](const auto* a, const auto* b) {
    return std::tie(a->generation, a->step) < std::tie(b->generation, b->step);
  });
  merged.generation = behind->generation;
  merged.step = behind->step;
  merged.steps = behind->steps;
  merged.phase = behind->phase;
  for (const train::ProgressMessage* worker : workers) {
    merged.images_per_second += worker->images_per_second;
    merged.train_loss += worker->train_loss / static_cast<double>(workers.size());
  }
  return merged;
}

bool IsFinal(const ExitStatus& status) {
  if (status.signal != 0) return false;
  switch (static_cast<train::ExitCode>(status.code)) {
    case train::ExitCode::kBadConfiguration:
    case train::ExitCode::kBadData:
    case train::ExitCode::kNotFinite:
      return true;
    default:
      return false;
  }
}

}  // namespace eoa::agent
