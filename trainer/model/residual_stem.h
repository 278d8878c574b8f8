// ResidualStem: what a hybrid Vision Transformer has before its encoder, the first three stages of a ResNet-50 with
// weight-standardised convolutions and group normalisation (Kolesnikov et al. 2020, "Big Transfer"; Qiao et al. 2019).
// [N, 3, H, W] to [N, 1024, H/16, W/16]. Tensors are named as timm names them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "trainer/model/parameters.h"
#include "trainer/model/transformer_layers.h"

namespace eoa::train {

// Convolution without bias whose filters are standardised (mean 0, deviation 1 over in x kernel x kernel) at each use,
// padded as TensorFlow's SAME: at a stride of 2 the odd pixel goes to the right and bottom.
class StandardisedConv {
 public:
  StandardisedConv(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out, std::int64_t kernel,
                   std::int64_t stride, Initial& initial);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  std::int64_t kernel_;
  std::int64_t stride_;
};

// Over [N, C, H, W] in 32 groups of channels, eps 1e-6.
class GroupNorm {
 public:
  GroupNorm(ParameterSet& set, const std::string& name, std::int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

// 1x1, 3x3, 1x1, each normalised; ReLU after the first two and after adding the input, projected where shapes differ.
class Bottleneck {
 public:
  Bottleneck(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out, std::int64_t stride,
             bool project, Initial& initial);
  at::Tensor Forward(const at::Tensor& x) const;

 private:
  std::vector<StandardisedConv> shortcut_;
  std::vector<GroupNorm> shortcut_norm_;
  StandardisedConv conv1_;
  GroupNorm norm1_;
  StandardisedConv conv2_;
  GroupNorm norm2_;
  StandardisedConv conv3_;
  GroupNorm norm3_;
};

class ResidualStem {
 public:
  static constexpr std::int64_t kChannels = 1024;
  static constexpr std::int64_t kStride = 16;

  // Names begin with `name`.
  ResidualStem(ParameterSet& set, const std::string& name, Initial& initial);
  at::Tensor Forward(const at::Tensor& images) const;

 private:
  StandardisedConv conv_;
  GroupNorm norm_;
  std::vector<Bottleneck> blocks_;
};

}  // namespace eoa::train
