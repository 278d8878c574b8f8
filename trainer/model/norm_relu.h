// Batch normalisation of the training pass followed by ReLU, as one autograd function on the CPU: the activation is
// read twice on the way forward and twice on the way back, where ATen's separate operators read it six and seven times.
#pragma once

#include <ATen/core/Tensor.h>

namespace eoa::train {

// Whether NormRelu can take `x`: float32 [N, C, H, W] on the CPU in channels-last order, C a multiple of 16.
bool CanNormRelu(const at::Tensor& x);

// Per channel; both defined, or neither.
struct RunningStatistics {
  at::Tensor mean;
  at::Tensor variance;
  double momentum = 0.1;
};

// relu(weight (x - mean) / sqrt(variance + epsilon) + bias) with the batch's own mean and biased variance, as
// relu(batch_norm(training=true)) of ATen. Running statistics, if defined, move towards the batch's mean and unbiased
// variance by `momentum`. Differentiable once. The result's bits do not depend on the number of threads.
at::Tensor NormRelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    const RunningStatistics& running, double epsilon);

}  // namespace eoa::train
