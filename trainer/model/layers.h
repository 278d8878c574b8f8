// The layers that the residual networks are made of: a few tensors each, applied by ATen operators with autograd.
// torch::nn is not used: it adds nothing here and multiplies compile time.
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "trainer/model/parameters.h"

namespace eoa::train {

// How a forward pass is to be done.
struct Pass {
  bool training = false;
  bool track_statistics = true;  // training: update batch-norm running statistics. SAM's second pass does not
};

enum class FanMode { kIn, kOut };  // of He initialisation

struct ConvOptions {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
  FanMode fan = FanMode::kIn;
};

// 2-D convolution without bias, padded by kernel / 2. Weight [out, in, kernel, kernel], He-normal for ReLU.
class Conv {
 public:
  Conv(ParameterSet& set, const std::string& name, const ConvOptions& options, at::Generator& random);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  std::int64_t stride_;
  std::int64_t padding_;
};

// Batch normalisation over [N, C, H, W], eps 1e-5, running statistics with momentum 0.1, followed by ReLU when `Relu`
// is called.
class BatchNorm {
 public:
  BatchNorm(ParameterSet& set, const std::string& name, std::int64_t channels);
  at::Tensor operator()(const at::Tensor& x, const Pass& pass) const;
  at::Tensor Relu(const at::Tensor& x, const Pass& pass) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  at::Tensor mean_;
  at::Tensor variance_;
};

// y = x W^T + b. Weight [out, in] and bias uniform in +-1/sqrt(in), PyTorch's default, or zero.
class Linear {
 public:
  Linear(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out, bool zero,
         at::Generator& random);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

}  // namespace eoa::train
