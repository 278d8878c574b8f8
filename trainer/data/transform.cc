#include "trainer/data/transform.h"

#include <cmath>
#include <vector>

namespace eoa::train {
namespace {

using api::Augmentation;
using api::Dataset;

Normalization NormalizationFor(const api::DatasetSpec& dataset) {
  const bool cifar = dataset.augmentation == Augmentation::kCifar || dataset.augmentation == Augmentation::kCifarCutout;
  const bool vit = dataset.augmentation == Augmentation::kVit || dataset.augmentation == Augmentation::kVitFlip;
  if (vit) return kHalfNormalization;
  if (dataset.name == Dataset::kCifar100) return kCifar100Normalization;
  return cifar || dataset.name == Dataset::kCifar10 ? kCifar10Normalization : kImageNetNormalization;
}

}  // namespace

Transform TransformFor(const api::TrainerSpec& trainer) {
  return {trainer.model.image_size, trainer.dataset.augmentation, NormalizationFor(trainer.dataset)};
}

ValueTable TableOf(const Normalization& normalization) {
  ValueTable table;
  for (std::size_t channel = 0; channel < table.size(); ++channel) {
    for (std::size_t value = 0; value < table[channel].size(); ++value) {
      table[channel][value] =
          (static_cast<float>(value) / 255.0F - normalization.mean[channel]) / normalization.deviation[channel];
    }
  }
  return table;
}

nlohmann::ordered_json PreprocessingJson(const Transform& transform) {
  const bool vit = transform.augmentation == Augmentation::kVit || transform.augmentation == Augmentation::kVitFlip;
  const bool imagenet = transform.augmentation == Augmentation::kImageNet;
  // The decimals that the constants are written with, not those of the nearest float.
  const auto rounded = [](const std::array<float, 3>& values) {
    std::vector<double> out;
    for (const float value : values) out.push_back(std::round(1e4 * double{value}) / 1e4);
    return out;
  };
  return {{"resize", vit ? "both sides" : "shorter side"},
          {"resizeTo", imagenet ? transform.image_size * 256 / 224 : transform.image_size},
          {"crop", transform.image_size},
          {"mean", rounded(transform.normalization.mean)},
          {"deviation", rounded(transform.normalization.deviation)}};
}

bool KeepsPixels(const Transform& transform) {
  using api::Augmentation;
  return transform.augmentation == Augmentation::kNone || transform.augmentation == Augmentation::kCifar ||
         transform.augmentation == Augmentation::kCifarCutout;
}

}  // namespace eoa::train
