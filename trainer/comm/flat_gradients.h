// FlatGradients: all gradients of a model in one vector, averaged over a group by one collective. For steps that are
// recorded (trainer/device/recorded_work.h), which collectives cannot be part of; a GradientReducer (comm.h) sends
// while backward still runs, but launches each kernel by itself.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "trainer/comm/comm.h"

namespace eoa::train {

// Thread-safety: none; one owner.
class FlatGradients {
 public:
  // Makes the parameters' gradients: zero, of the parameters' layout, and views of one vector. `type`: what they are
  // sent as, float32 or bfloat16.
  FlatGradients(Comm& comm, const std::vector<at::Tensor>& parameters, at::ScalarType type);

  // Collective: the gradients become their mean over the group.
  Status Average();

  // How long the host was in Average(), in all: by the machine's clock, for metrics alone.
  Duration waited() const { return waited_; }

 private:
  Comm& comm_;
  at::ScalarType type_;
  at::Tensor values_;
  Duration waited_{};
};

}  // namespace eoa::train
