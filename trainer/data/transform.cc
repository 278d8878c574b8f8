#include "trainer/data/transform.h"

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

bool KeepsPixels(const Transform& transform) {
  using api::Augmentation;
  return transform.augmentation == Augmentation::kNone || transform.augmentation == Augmentation::kCifar ||
         transform.augmentation == Augmentation::kCifarCutout;
}

}  // namespace eoa::train
