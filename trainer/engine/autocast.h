// Autocast: while it lives, convolutions and matrix products of this thread compute in bfloat16, with float32 weights
// (trainer.precision bf16). Does nothing for the other precisions.
//
// LibTorch keeps casts of weights until the outermost guard goes, so that a guard must not outlive a change of the
// weights.
#pragma once

#include <c10/core/Device.h>

#include "common/job/job.h"

namespace eoa::train {

class Autocast {
 public:
  Autocast(api::Precision precision, c10::Device device);
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;
  ~Autocast();

 private:
  bool on_;
  c10::DeviceType device_;
};

}  // namespace eoa::train
