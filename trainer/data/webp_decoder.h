// WebP files to pixels: the picture, or the first one of an animation. Alpha is dropped: pixels keep the colours under
// it, as Pillow's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/image_size.h"

namespace eoa::train {

bool IsWebp(std::span<const std::uint8_t> file);

// Both as ImageDecoder has them.
Result<ImageSize> ReadWebpSize(std::span<const std::uint8_t> file);
Result<PixelView> DecodeWebp(std::span<const std::uint8_t> file, std::vector<std::uint8_t>& pixels);

}  // namespace eoa::train
