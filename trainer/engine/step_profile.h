// StepProfile: a trace of some training steps, for https://ui.perfetto.dev and chrome://tracing: every operator, every
// kernel of a GPU, and the ranges "data", "forward", "backward", "communication", "ascent" (SAM, ASAM) and "optimizer"
// of each "step". PyTorch's own profiler (Kineto) writes it.
//
// The first steps are left out: caches fill, and a GPU's steps are recorded (trainer/device/recorded_work.h).
// Thread-safety: none; the thread that trains owns it.
#pragma once

#include <string>

#include <c10/core/Device.h>

#include "common/base/result.h"

namespace eoa::train {

inline constexpr int kUnprofiledSteps = 5;

class StepProfile {
 public:
  // Does nothing with `steps` 0.
  StepProfile(int steps, std::string file, c10::Device device);
  ~StepProfile();

  // Call before and after each step.
  Status Begin();
  Status End();

 private:
  Status Write();

  const int steps_;
  const std::string file_;
  const c10::Device device_;
  int seen_ = 0;
  bool running_ = false;
};

}  // namespace eoa::train
