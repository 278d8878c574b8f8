#include "trainer/model/residual_stem.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/pad.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/std_mean.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace eoa::train {
namespace {

constexpr double kNormEpsilon = 1e-6;
constexpr double kWeightEpsilon = 1e-5;
constexpr std::int64_t kGroups = 32;
constexpr std::array<int, 3> kBlocks = {3, 4, 9};

// TensorFlow's SAME: as many outputs as strides fit, the odd pixel at the end.
at::Tensor PadSame(const at::Tensor& x, std::int64_t kernel, std::int64_t stride, double value) {
  const auto missing = [&](std::int64_t size) {
    return std::max<std::int64_t>(0, ((size + stride - 1) / stride - 1) * stride + kernel - size);
  };
  const std::int64_t rows = missing(x.size(2));
  const std::int64_t columns = missing(x.size(3));
  if (rows == 0 && columns == 0) return x;
  return at::pad(x, {columns / 2, columns - columns / 2, rows / 2, rows - rows / 2}, "constant", value);
}

}  // namespace

StandardisedConv::StandardisedConv(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out,
                                   std::int64_t kernel, std::int64_t stride, Initial& initial)
    : weight_(set.AddParameter(name + ".weight",
                               NormalWeight({out, in, kernel, kernel},
                                            std::sqrt(1.0 / static_cast<double>(in * kernel * kernel)), initial))),
      kernel_(kernel),
      stride_(stride) {}

at::Tensor StandardisedConv::operator()(const at::Tensor& x) const {
  const auto [deviation, mean] = at::std_mean(weight_, {1, 2, 3}, /*correction=*/0, /*keepdim=*/true);
  const at::Tensor weight = (weight_ - mean) / (deviation + kWeightEpsilon);
  return at::conv2d(PadSame(x, kernel_, stride_, 0), weight, {}, stride_);
}

GroupNorm::GroupNorm(ParameterSet& set, const std::string& name, std::int64_t channels)
    : weight_(set.AddParameter(name + ".weight", at::ones({channels}))),
      bias_(set.AddParameter(name + ".bias", at::zeros({channels}))) {}

at::Tensor GroupNorm::operator()(const at::Tensor& x) const {
  return at::group_norm(x, kGroups, weight_, bias_, kNormEpsilon);
}

Bottleneck::Bottleneck(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out,
                       std::int64_t stride, bool project, Initial& initial)
    : conv1_(set, name + ".conv1", in, out / 4, 1, 1, initial),
      norm1_(set, name + ".norm1", out / 4),
      conv2_(set, name + ".conv2", out / 4, out / 4, 3, stride, initial),
      norm2_(set, name + ".norm2", out / 4),
      conv3_(set, name + ".conv3", out / 4, out, 1, 1, initial),
      norm3_(set, name + ".norm3", out) {
  if (!project) return;
  shortcut_.emplace_back(set, name + ".downsample.conv", in, out, 1, stride, initial);
  shortcut_norm_.emplace_back(set, name + ".downsample.norm", out);
}

at::Tensor Bottleneck::Forward(const at::Tensor& x) const {
  const at::Tensor shortcut = shortcut_.empty() ? x : shortcut_norm_[0](shortcut_[0](x));
  at::Tensor y = at::relu(norm1_(conv1_(x)));
  y = at::relu(norm2_(conv2_(y)));
  return at::relu(norm3_(conv3_(y)) + shortcut);
}

ResidualStem::ResidualStem(ParameterSet& set, const std::string& name, Initial& initial)
    : conv_(set, name + ".stem.conv", 3, 64, 7, 2, initial), norm_(set, name + ".stem.norm", 64) {
  std::int64_t in = 64;
  for (std::size_t stage = 0; stage < kBlocks.size(); ++stage) {
    const std::int64_t out = std::int64_t{256} << stage;
    for (int block = 0; block < kBlocks[stage]; ++block) {
      const std::string block_name = name + ".stages." + std::to_string(stage) + ".blocks." + std::to_string(block);
      blocks_.emplace_back(set, block_name, in, out, stage > 0 && block == 0 ? 2 : 1, block == 0, initial);
      in = out;
    }
  }
}

at::Tensor ResidualStem::Forward(const at::Tensor& images) const {
  at::Tensor x = at::relu(norm_(conv_(images)));
  x = at::max_pool2d(PadSame(x, 3, 2, -std::numeric_limits<double>::infinity()), 3, 2);
  for (const Bottleneck& block : blocks_) x = block.Forward(x);
  return x;
}

}  // namespace eoa::train
