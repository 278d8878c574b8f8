#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/mean.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "trainer/model/model.h"

namespace eoa::train {
namespace {

at::Tensor Dropout(const at::Tensor& x, double p, const Pass& pass) {
  return p > 0 && pass.training ? at::dropout(x, p, true) : x;
}

// norm -> ReLU -> conv -> norm -> ReLU -> conv, added to x.
class BasicUnit {
 public:
  BasicUnit(ParameterSet& set, const std::string& name, std::int64_t channels, double dropout, at::Generator& random)
      : norm1_(set, name + ".block.0_normalization", channels),
        conv1_(set, name + ".block.2_convolution", {.in = channels, .out = channels}, random),
        norm2_(set, name + ".block.3_normalization", channels),
        conv2_(set, name + ".block.6_convolution", {.in = channels, .out = channels}, random),
        dropout_(dropout) {}

  at::Tensor Forward(const at::Tensor& x, const Pass& pass) const {
    at::Tensor out = norm2_.Relu(conv1_(norm1_.Relu(x, pass)), pass);
    return conv2_(Dropout(out, dropout_, pass)).add_(x);
  }

 private:
  BatchNorm norm1_;
  Conv conv1_;
  BatchNorm norm2_;
  Conv conv2_;
  double dropout_;
};

// The first unit of a stage: norm and ReLU are shared by the residual branch and the projecting shortcut.
class ProjectingUnit {
 public:
  ProjectingUnit(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out, std::int64_t stride,
                 double dropout, at::Generator& random)
      : norm1_(set, name + ".norm_act.0_normalization", in),
        conv1_(set, name + ".block.0_convolution", {.in = in, .out = out, .stride = stride}, random),
        norm2_(set, name + ".block.1_normalization", out),
        conv2_(set, name + ".block.4_convolution", {.in = out, .out = out}, random),
        shortcut_(set, name + ".downsample", {.in = in, .out = out, .kernel = 1, .stride = stride}, random),
        dropout_(dropout) {}

  at::Tensor Forward(const at::Tensor& x, const Pass& pass) const {
    const at::Tensor activated = norm1_.Relu(x, pass);
    at::Tensor out = norm2_.Relu(conv1_(activated), pass);
    return conv2_(Dropout(out, dropout_, pass)).add_(shortcut_(activated));
  }

 private:
  BatchNorm norm1_;
  Conv conv1_;
  BatchNorm norm2_;
  Conv conv2_;
  Conv shortcut_;
  double dropout_;
};

class WideResNet final : public Model {
 public:
  WideResNet(const WideResNetOptions& options, at::Generator random)
      : stem_(parameters_, "f.0_convolution", {.in = 3, .out = 16}, random) {
    const int units = (options.depth - 4) / 6;
    std::int64_t in = 16;
    for (int stage = 0; stage < 3; ++stage) {
      const std::int64_t out = (std::int64_t{16} << stage) * options.width;
      const std::string name = "f." + std::to_string(stage + 1) + "_block.block.";
      firsts_.emplace_back(parameters_, name + "0", in, out, stage == 0 ? 1 : 2, options.dropout, random);
      for (int unit = 1; unit < units; ++unit) {
        rests_[static_cast<std::size_t>(stage)].emplace_back(parameters_, name + std::to_string(unit), out,
                                                             options.dropout, random);
      }
      in = out;
    }
    norm_.emplace(parameters_, "f.4_normalization", in);
    head_.emplace(parameters_, "f.8_classification", in, options.classes, options.zero_head, random);
  }

  at::Tensor Forward(const at::Tensor& images, const Pass& pass) override {
    at::Tensor x = stem_(images);
    for (std::size_t stage = 0; stage < firsts_.size(); ++stage) {
      x = firsts_[stage].Forward(x, pass);
      for (const BasicUnit& unit : rests_[stage]) x = unit.Forward(x, pass);
    }
    return (*head_)(norm_->Relu(x, pass).mean({2, 3}));
  }

 private:
  Conv stem_;
  std::vector<ProjectingUnit> firsts_;
  std::array<std::vector<BasicUnit>, 3> rests_;
  // Made last: tensors are named in the order of the network.
  std::optional<BatchNorm> norm_;
  std::optional<Linear> head_;
};

}  // namespace

std::unique_ptr<Model> MakeWideResNet(const WideResNetOptions& options, std::uint64_t seed) {
  return std::make_unique<WideResNet>(options, at::detail::createCPUGenerator(seed));
}

}  // namespace eoa::train
