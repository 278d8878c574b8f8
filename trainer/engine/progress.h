// ProgressReporter: tells the agent where this member stands, without flooding it.
#pragma once

#include <functional>

#include "common/base/clock.h"
#include "trainer/config/worker_protocol.h"

namespace eoa::train {

// Thread-safety: none; one owner thread.
class ProgressReporter {
 public:
  ProgressReporter(Clock& clock, std::function<void(const ProgressMessage&)> send);

  // A new phase is sent at once; a new position within it at most twice a second.
  void Report(const ProgressMessage& progress);

 private:
  Clock& clock_;
  std::function<void(const ProgressMessage&)> send_;
  ProgressMessage last_;
  SteadyTime next_{};
};

}  // namespace eoa::train
