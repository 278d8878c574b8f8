#pragma once

#include <ATen/core/Tensor.h>

namespace eoa::train {

// The images of one forward pass, on the device that computes.
struct MicroBatch {
  at::Tensor images;  // [n, 3, H, W] float32, channels-last
  at::Tensor labels;  // [n] int64

  // With mixup: a float32 scalar. Image i shows so much of labels[i], the rest of labels[n - 1 - i]. Else undefined.
  at::Tensor share = {};
};

}  // namespace eoa::train
