#include "trainer/data/transform.h"

namespace eoa::train {
namespace {

using api::Augmentation;
using api::Dataset;

Normalization NormalizationFor(const api::DatasetSpec& dataset) {
  const bool cifar = dataset.augmentation == Augmentation::kCifar || dataset.augmentation == Augmentation::kCifarCutout;
  if (dataset.augmentation == Augmentation::kVit) return kHalfNormalization;
  if (dataset.name == Dataset::kCifar100) return kCifar100Normalization;
  return cifar || dataset.name == Dataset::kCifar10 ? kCifar10Normalization : kImageNetNormalization;
}

}  // namespace

Transform TransformFor(const api::TrainerSpec& trainer) {
  return {trainer.model.image_size, trainer.dataset.augmentation, NormalizationFor(trainer.dataset)};
}

}  // namespace eoa::train
