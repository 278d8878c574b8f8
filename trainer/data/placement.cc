#include "trainer/data/placement.h"

namespace eoa::train {
namespace {

constexpr int kPadding = 4;
constexpr int kCutoutSide = 16;
constexpr double kCutoutProbability = 0.5;

}  // namespace

Placement DrawPlacement(const Transform& transform, Random& random) {
  using api::Augmentation;
  Placement placement;
  const bool cutout = transform.augmentation == Augmentation::kCifarCutout;
  const bool cifar = cutout || transform.augmentation == Augmentation::kCifar;
  if (cifar) {
    placement.right = static_cast<int>(random.NextBelow(2 * kPadding + 1)) - kPadding;
    placement.down = static_cast<int>(random.NextBelow(2 * kPadding + 1)) - kPadding;
  }
  const bool flips =
      cifar || transform.augmentation == Augmentation::kVitFlip || transform.augmentation == Augmentation::kImageNet;
  if (flips) placement.flip = random.NextUniform() < 0.5;
  if (cutout && random.NextUniform() < kCutoutProbability) {
    placement.hole = CutoutSquare(random, transform.image_size, kCutoutSide);
  }
  return placement;
}

SeededRandom AugmentationStream(std::uint64_t seed, std::int64_t epoch, std::uint32_t sample) {
  return SeededRandom(seed, {HashName("data/augment"), static_cast<std::uint64_t>(epoch) << 32 | sample});
}

}  // namespace eoa::train
