// ImageDecoder: image files to pixels, the same that Pillow makes of them.
//
// JPEG in gray, RGB, CMYK and YCCK, whatever its sampling, progressive or not; PNG, its alpha dropped; the first picture
// of a WebP or GIF file, its alpha dropped. The kind is told from the first bytes, not from the file's name, since
// ImageNet holds a PNG named .JPEG. What a camera says about its orientation (EXIF) is left alone, as torchvision does.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/image_size.h"
#include "trainer/data/jpeg_decoder.h"

namespace eoa::train {

// Thread-safety: none; each thread has its own.
class ImageDecoder {
 public:
  // From the file's header alone. DataLoss when there is none, or beyond kMaxPixels.
  Result<ImageSize> ReadSize(std::span<const std::uint8_t> file);

  // The pixels, borrowed until the next call. `shrink` is 1, 2, 4 or 8: a JPEG is decoded at 1/shrink of its size
  // (rounded up), which is several times quicker; others are not shrunk. DataLoss when the file is corrupt or
  // truncated, with the library's words; only bytes too many between a JPEG's parts are forgiven, as other readers do.
  Result<PixelView> Decode(std::span<const std::uint8_t> file, int shrink);

 private:
  JpegDecoder jpeg_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace eoa::train
