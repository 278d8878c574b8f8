// Activation checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): a part of a network
// whose activations are not kept for the backward pass but computed again from its input when they are needed.
#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

namespace eoa::train {

// forward(input). The backward pass calls `forward` once more, from the same state of the CPU's random generator, so
// that dropout falls the same way; what `forward` refers to must live until then. Gradients of parameters that
// `forward` uses are accumulated as if it had not been called twice. Autocast is as it was.
at::Tensor Recomputed(const std::function<at::Tensor(const at::Tensor&)>& forward, const at::Tensor& input);

}  // namespace eoa::train
