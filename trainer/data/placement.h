// How a training image of the network's size is varied: drawn here, carried out by ImagePipeline on the CPU and by
// trainer/device/augment.h on a GPU. Pure functions of random numbers.
#pragma once

#include <cstdint>

#include "common/base/random.h"
#include "trainer/data/geometry.h"
#include "trainer/data/transform.h"

namespace eoa::train {

// Which pixels of the padded image the crop shows: those `right` and `down` of where they would be without it; whether
// it is then mirrored; and the part of the result that is zero.
struct Placement {
  int right = 0;
  int down = 0;
  bool flip = false;
  Square hole;  // often empty
};

Placement DrawPlacement(const Transform& transform, Random& random);

// The random numbers of one sample's augmentation in one epoch.
SeededRandom AugmentationStream(std::uint64_t seed, std::int64_t epoch, std::uint32_t sample);

}  // namespace eoa::train
