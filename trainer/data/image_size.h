// The size of an image, and how large one may be.
#pragma once

#include <cstdint>

#include "common/base/result.h"

namespace eoa::train {

struct ImageSize {
  int width = 0;
  int height = 0;
};

// Pixels that an image may have: a bound on what a few hostile bytes can make the trainer allocate.
inline constexpr std::int64_t kMaxPixels = std::int64_t{1} << 26;

// DataLoss for an image without pixels or beyond kMaxPixels.
Status CheckImageSize(std::int64_t width, std::int64_t height);

}  // namespace eoa::train
