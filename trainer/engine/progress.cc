#include "trainer/engine/progress.h"

#include <utility>

namespace eoa::train {
namespace {

constexpr Duration kInterval = std::chrono::milliseconds(500);

}  // namespace

ProgressReporter::ProgressReporter(Clock& clock, std::function<void(const ProgressMessage&)> send)
    : clock_(clock), send_(std::move(send)) {}

void ProgressReporter::Report(const ProgressMessage& progress) {
  const SteadyTime now = clock_.SteadyNow();
  const bool new_phase = progress.phase != last_.phase || progress.generation != last_.generation;
  if (!new_phase && now < next_) return;
  send_(progress);
  last_ = progress;
  next_ = now + kInterval;
}

}  // namespace eoa::train
