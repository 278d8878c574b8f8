#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/relu.h>

#include <optional>
#include <string>
#include <vector>

#include "trainer/model/model.h"

namespace eoa::train {
namespace {

ConvOptions OutFan(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  return {.in = in, .out = out, .kernel = kernel, .stride = stride, .fan = FanMode::kOut};
}

// conv -> norm -> ReLU -> conv -> norm, added to x (projected where the shape changes), ReLU.
class BasicBlock {
 public:
  BasicBlock(ParameterSet& set, const std::string& name, std::int64_t in, std::int64_t out, std::int64_t stride,
             at::Generator& random)
      : conv1_(set, name + ".conv1", OutFan(in, out, 3, stride), random),
        norm1_(set, name + ".bn1", out),
        conv2_(set, name + ".conv2", OutFan(out, out, 3, 1), random),
        norm2_(set, name + ".bn2", out) {
    if (in != out || stride != 1) {
      shortcut_.emplace(set, name + ".downsample.0", OutFan(in, out, 1, stride), random);
      shortcut_norm_.emplace(set, name + ".downsample.1", out);
    }
  }

  at::Tensor Forward(const at::Tensor& x, const Pass& pass) const {
    at::Tensor out = norm2_(conv2_(norm1_.Relu(conv1_(x), pass)), pass);
    const at::Tensor shortcut = shortcut_ ? (*shortcut_norm_)((*shortcut_)(x), pass) : x;
    return at::relu_(out.add_(shortcut));
  }

 private:
  Conv conv1_;
  BatchNorm norm1_;
  Conv conv2_;
  BatchNorm norm2_;
  std::optional<Conv> shortcut_;
  std::optional<BatchNorm> shortcut_norm_;
};

class ResNet18 final : public Model {
 public:
  ResNet18(const ResNet18Options& options, at::Generator random)
      : image_net_stem_(options.image_net_stem),
        stem_(parameters_, "conv1", OutFan(3, 64, image_net_stem_ ? 7 : 3, image_net_stem_ ? 2 : 1), random),
        stem_norm_(parameters_, "bn1", 64) {
    std::int64_t in = 64;
    for (int stage = 0; stage < 4; ++stage) {
      const std::int64_t out = std::int64_t{64} << stage;
      for (int block = 0; block < 2; ++block) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
        blocks_.emplace_back(parameters_, name, in, out, stage > 0 && block == 0 ? 2 : 1, random);
        in = out;
      }
    }
    head_.emplace(parameters_, "fc", in, options.classes, options.zero_head, random);
  }

  at::Tensor Forward(const at::Tensor& images, const Pass& pass) override {
    at::Tensor x = stem_norm_.Relu(stem_(images), pass);
    if (image_net_stem_) x = at::max_pool2d(x, 3, 2, 1);
    for (const BasicBlock& block : blocks_) x = block.Forward(x, pass);
    return (*head_)(x.mean({2, 3}));
  }

 private:
  bool image_net_stem_;
  Conv stem_;
  BatchNorm stem_norm_;
  std::vector<BasicBlock> blocks_;
  std::optional<Linear> head_;
};

}  // namespace

std::unique_ptr<Model> MakeResNet18(const ResNet18Options& options, std::uint64_t seed) {
  return std::make_unique<ResNet18>(options, at::detail::createCPUGenerator(seed));
}

}  // namespace eoa::train
