// What a classifier is trained and judged by.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace eoa::train {

// Mean cross entropy of `logits` [N, classes] against `labels` (int64 [N]), a scalar. With smoothing s the target is
// 1 - s + s/classes on the label and s/classes elsewhere, as in PyTorch's cross_entropy(label_smoothing=s). The program
// of davda54/sam, which the EOA authors train with, spreads its s over the other classes only: its 0.1 is 0.1 *
// classes / (classes - 1) here, and its loss is lower by a constant, which no gradient sees.
at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing);

// Images whose greatest logit is their label's (int64 scalar). An image with a NaN among its logits may count either
// way: check the loss for being finite.
at::Tensor CountCorrect(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace eoa::train
