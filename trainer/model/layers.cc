#include "trainer/model/layers.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "trainer/model/norm_relu.h"

namespace eoa::train {
namespace {

// PyTorch's defaults, which both davda54 and torchvision leave as they are.
constexpr double kMomentum = 0.1;
constexpr double kEpsilon = 1e-5;

at::Tensor HeNormal(const ConvOptions& options, at::Generator& random) {
  const std::int64_t fan = (options.fan == FanMode::kIn ? options.in : options.out) * options.kernel * options.kernel;
  at::Tensor weight = at::empty({options.out, options.in, options.kernel, options.kernel});
  return weight.normal_(0, std::sqrt(2.0 / static_cast<double>(fan)), random);
}

at::Tensor UniformOrZero(at::IntArrayRef shape, std::int64_t in, bool zero, at::Generator& random) {
  if (zero) return at::zeros(shape);
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  return at::empty(shape).uniform_(-bound, bound, random);
}

}  // namespace

Conv::Conv(ParameterSet& set, const std::string& name, const ConvOptions& options, at::Generator& random)
    : weight_(set.AddParameter(name + ".weight", HeNormal(options, random))),
      stride_(options.stride),
      padding_(options.kernel / 2) {}

at::Tensor Conv::operator()(const at::Tensor& x) const { return at::conv2d(x, weight_, {}, stride_, padding_); }

BatchNorm::BatchNorm(ParameterSet& set, const std::string& name, std::int64_t channels)
    : weight_(set.AddParameter(name + ".weight", at::ones({channels}))),
      bias_(set.AddParameter(name + ".bias", at::zeros({channels}))),
      mean_(set.AddBuffer(name + ".running_mean", at::zeros({channels}))),
      variance_(set.AddBuffer(name + ".running_var", at::ones({channels}))) {}

at::Tensor BatchNorm::operator()(const at::Tensor& x, const Pass& pass) const {
  // Without running statistics a training pass normalises by the batch alone, which is all that a pass that must not
  // update needs.
  const bool with_statistics = !pass.training || pass.track_statistics;
  return at::batch_norm(x, weight_, bias_, with_statistics ? mean_ : at::Tensor(),
                        with_statistics ? variance_ : at::Tensor(), pass.training, kMomentum, kEpsilon,
                        /*cudnn_enabled=*/true);
}

at::Tensor BatchNorm::Relu(const at::Tensor& x, const Pass& pass) const {
  if (pass.training && CanNormRelu(x)) {
    RunningStatistics running;
    if (pass.track_statistics) running = {mean_, variance_, kMomentum};
    return NormRelu(x, weight_, bias_, running, kEpsilon);
  }
  at::Tensor normalised = (*this)(x, pass);
  // In place: the backward of batch norm does not need its output.
  return at::relu_(normalised);
}

Linear::Linear(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out, bool zero,
               at::Generator& random)
    : weight_(set.AddParameter(name + ".weight", UniformOrZero({out, in}, in, zero, random))),
      bias_(set.AddParameter(name + ".bias", UniformOrZero({out}, in, zero, random))) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

}  // namespace eoa::train
