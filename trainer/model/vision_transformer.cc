#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "trainer/model/model.h"
#include "trainer/model/recomputed.h"
#include "trainer/model/residual_stem.h"
#include "trainer/model/transformer_layers.h"

namespace eoa::train {
namespace {

constexpr double kPositionDeviation = 0.02;

class TransformerNetwork final : public Model {
 public:
  TransformerNetwork(const VisionTransformerOptions& options, Initial initial);
  at::Tensor Forward(const at::Tensor& images, const Pass& pass) override;

 private:
  at::Tensor Embed(const at::Tensor& images, const Pass& pass) const;

  const VisionTransformerOptions options_;
  std::optional<at::Tensor> class_token_;
  at::Tensor positions_;
  std::optional<ResidualStem> stem_;
  std::int64_t stride_;
  at::Tensor patch_weight_;
  at::Tensor patch_bias_;
  std::vector<EncoderBlock> blocks_;
  std::optional<LayerNorm> norm_;
  std::optional<Dense> head_;
};

TransformerNetwork::TransformerNetwork(const VisionTransformerOptions& options, Initial initial)
    : options_(options), stride_(options.shape.hybrid ? 1 : options.shape.patch) {
  const api::VisionTransformer& shape = options.shape;
  const bool token = options.classifier == api::Classifier::kToken;
  const std::int64_t side = options.image_size / shape.patch;
  if (token) class_token_ = parameters_.AddParameter("cls_token", at::zeros({1, 1, shape.width}));
  positions_ = parameters_.AddParameter(
      "pos_embed", NormalWeight({1, side * side + (token ? 1 : 0), shape.width}, kPositionDeviation, initial));
  if (shape.hybrid) stem_.emplace(parameters_, "patch_embed.backbone", initial);
  const std::int64_t channels = shape.hybrid ? ResidualStem::kChannels : 3;
  const double fan = static_cast<double>(channels * stride_ * stride_);
  patch_weight_ = parameters_.AddParameter(
      "patch_embed.proj.weight", NormalWeight({shape.width, channels, stride_, stride_}, std::sqrt(1 / fan), initial));
  patch_bias_ = parameters_.AddParameter("patch_embed.proj.bias", at::zeros({shape.width}));
  for (int i = 0; i < shape.depth; ++i) {
    const double skip = shape.depth > 1 ? options.stochastic_depth * i / (shape.depth - 1) : 0;
    const EncoderOptions encoder{shape.width, shape.heads, shape.mlp_width, options.dropout, options.attention_dropout,
                                 skip};
    blocks_.emplace_back(parameters_, "blocks." + std::to_string(i), encoder, initial);
  }
  norm_.emplace(parameters_, "norm", shape.width);
  Initial head{initial.random, initial.draw && !options.zero_head};
  head_.emplace(parameters_, "head", shape.width, options.classes, head);
}

at::Tensor TransformerNetwork::Embed(const at::Tensor& images, const Pass& pass) const {
  const at::Tensor features = stem_ ? stem_->Forward(images) : images;
  // [N, D, h, w] to [N, h * w, D]
  at::Tensor x = at::conv2d(features, patch_weight_, patch_bias_, stride_).flatten(2).transpose(1, 2);
  if (class_token_) x = at::cat({class_token_->expand({x.size(0), 1, x.size(2)}), x}, 1);
  return Dropout(x + positions_, options_.dropout, pass);
}

at::Tensor TransformerNetwork::Forward(const at::Tensor& images, const Pass& pass) {
  at::Tensor x = Embed(images, pass);
  for (const EncoderBlock& block : blocks_) {
    const auto forward = [&block, pass](const at::Tensor& input) { return block.Forward(input, pass); };
    x = options_.recompute && pass.training ? Recomputed(forward, x) : forward(x);
  }
  // Norm before pooling, as published; of a token only its own needs it.
  if (class_token_) return (*head_)((*norm_)(x.select(1, 0)));
  return (*head_)((*norm_)(x).mean(1));
}

}  // namespace

std::unique_ptr<Model> MakeVisionTransformer(const VisionTransformerOptions& options, std::uint64_t seed) {
  EOA_CHECK(options.image_size % options.shape.patch == 0, "patches that do not fill the image");
  return std::make_unique<TransformerNetwork>(options,
                                              Initial{at::detail::createCPUGenerator(seed), options.random_weights});
}

}  // namespace eoa::train
