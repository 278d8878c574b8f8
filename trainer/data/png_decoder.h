// PNG files to pixels, the same that Pillow makes of them: values are taken as they stand in the file (gamma and colour
// profiles are left alone), of 16 bits the higher eight; alpha is dropped.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/image_size.h"

namespace eoa::train {

bool IsPng(std::span<const std::uint8_t> file);

// Both as ImageDecoder has them. A wrong checksum is damage, wherever it stands up to the last pixel.
Result<ImageSize> ReadPngSize(std::span<const std::uint8_t> file);
Result<PixelView> DecodePng(std::span<const std::uint8_t> file, std::vector<std::uint8_t>& pixels);

}  // namespace eoa::train
