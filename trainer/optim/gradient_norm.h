#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "trainer/model/parameters.h"

namespace eoa::train {

// The L2 norm over all `gradients` together, those of `parameters`. OutOfRange when it is not finite; the message names
// the first parameter whose gradient is not.
Result<double> GradientNorm(const std::vector<at::Tensor>& gradients, const std::vector<NamedTensor>& parameters);

// The same as a scalar on the gradients' device, without waiting for it.
at::Tensor QueuedGradientNorm(const std::vector<at::Tensor>& gradients);

// Whether no element of these floating-point tensors is infinite or NaN. Waits for the device once.
bool AreFinite(const std::vector<NamedTensor>& tensors);

}  // namespace eoa::train
