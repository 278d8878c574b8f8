#include <optional>
#include <string>

#include "common/base/number.h"
#include "trainer/model/model.h"

namespace eoa::train {
namespace {

struct WideResNetName {
  int depth = 0;
  int width = 0;
};

// "wrn-16-8": depth 16, width 8.
std::optional<WideResNetName> ParseWideResNet(const std::string& name) {
  constexpr std::string_view kPrefix = "wrn-";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::string_view numbers = std::string_view(name).substr(kPrefix.size());
  const std::size_t dash = numbers.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const Result<std::int64_t> depth = ParseInteger(numbers.substr(0, dash));
  const Result<std::int64_t> width = ParseInteger(numbers.substr(dash + 1));
  if (!depth.ok() || !width.ok() || *depth < 10 || *depth > 1000 || (*depth - 4) % 6 != 0) return std::nullopt;
  if (*width < 1 || *width > 1000) return std::nullopt;
  return WideResNetName{static_cast<int>(*depth), static_cast<int>(*width)};
}

}  // namespace

Result<std::unique_ptr<Model>> MakeModel(const api::TrainerSpec& trainer, int classes, std::uint64_t seed) {
  const api::Model& spec = trainer.model;
  if (const auto wide = ParseWideResNet(spec.name)) {
    return MakeWideResNet({wide->depth, wide->width, classes, spec.dropout, spec.zero_head}, seed);
  }
  if (spec.name == "resnet-18") {
    const bool small = spec.stem == api::Stem::kCifar || (spec.stem == api::Stem::kAuto && spec.image_size <= 64);
    return MakeResNet18({classes, !small, spec.zero_head}, seed);
  }
  if (const auto shape = api::FindVisionTransformer(spec.name)) {
    return MakeVisionTransformer({.shape = *shape,
                                  .image_size = spec.image_size,
                                  .classes = classes,
                                  .classifier = spec.classifier,
                                  .dropout = spec.dropout,
                                  .attention_dropout = spec.attention_dropout,
                                  .stochastic_depth = spec.stochastic_depth,
                                  .zero_head = spec.zero_head,
                                  .random_weights = spec.pretrained.empty(),
                                  .recompute = trainer.activation_checkpointing},
                                 seed);
  }
  return InvalidArgumentError(
      "spec.trainer.model.name: '" + spec.name +
      "' is not a model of this version; use wrn-D-K with D = 6n + 4, resnet-18, vit-* or r50-vit-b-16");
}

}  // namespace eoa::train
