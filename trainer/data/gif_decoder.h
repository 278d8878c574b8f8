// GIF files to pixels: the first picture, as Pillow reads it. Transparency is dropped: pixels keep the palette's colour.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/image_size.h"

namespace eoa::train {

bool IsGif(std::span<const std::uint8_t> file);

// Both as ImageDecoder has them.
Result<ImageSize> ReadGifSize(std::span<const std::uint8_t> file);
Result<PixelView> DecodeGif(std::span<const std::uint8_t> file, std::vector<std::uint8_t>& pixels);

}  // namespace eoa::train
