// The layers of a Vision Transformer's encoder (Vaswani et al. 2017 in the pre-normalised form of Dosovitskiy et al.
// 2021). Features are [N, T, D]: images, tokens, width. Tensors are named as timm names them.
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "trainer/model/layers.h"
#include "trainer/model/parameters.h"

namespace eoa::train {

// Where initial weights come from. Without random numbers they are zero: a checkpoint overwrites them.
struct Initial {
  at::Generator random;
  bool draw = true;
};

// Each of `shape` from N(0, deviation^2), or zero.
at::Tensor NormalWeight(at::IntArrayRef shape, double deviation, Initial& initial);

// y = x W^T + b. Weight [out, in] uniform in +-sqrt(6 / (in + out)) (Glorot), bias zero.
class Dense {
 public:
  Dense(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out, Initial& initial);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// Layer normalisation over the last dimension, eps 1e-6.
class LayerNorm {
 public:
  LayerNorm(ParameterSet& set, const std::string& name, std::int64_t width);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

struct EncoderOptions {
  std::int64_t width = 0;
  std::int64_t heads = 0;
  std::int64_t mlp_width = 0;
  double dropout = 0;
  double attention_dropout = 0;
  double skip = 0;  // probability that an image skips a branch of this block (stochastic depth, Huang et al. 2016)
};

// x + Attention(Norm(x)), then x + Mlp(Norm(x)); Mlp = Dense -> GELU (exact) -> Dense.
class EncoderBlock {
 public:
  EncoderBlock(ParameterSet& set, const std::string& name, const EncoderOptions& options, Initial& initial);
  at::Tensor Forward(const at::Tensor& x, const Pass& pass) const;

 private:
  at::Tensor Attend(const at::Tensor& x, const Pass& pass) const;
  at::Tensor Branch(const at::Tensor& branch, const Pass& pass) const;

  EncoderOptions options_;
  LayerNorm norm1_;
  Dense query_key_value_;
  Dense project_;
  LayerNorm norm2_;
  Dense expand_;
  Dense contract_;
};

// Zeroes elements with this probability and scales the others up, in training passes.
at::Tensor Dropout(const at::Tensor& x, double probability, const Pass& pass);

}  // namespace eoa::train
