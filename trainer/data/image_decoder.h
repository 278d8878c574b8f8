// ImageDecoder: JPEG and PNG files to pixels.
//
// Any JPEG that libjpeg-turbo reads: gray becomes RGB, CMYK and YCCK (some of ImageNet's are) are converted as Pillow
// does; any PNG, its alpha dropped. The kind is told from the first bytes, not from the file's name, since ImageNet
// holds a PNG named .JPEG.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"

namespace eoa::train {

struct ImageSize {
  int width = 0;
  int height = 0;
};

// Pixels that an image may have: a bound on what a few hostile bytes can make the trainer allocate.
inline constexpr std::int64_t kMaxPixels = std::int64_t{1} << 26;

// Thread-safety: none; each thread has its own.
class ImageDecoder {
 public:
  ImageDecoder();
  ~ImageDecoder();
  ImageDecoder(const ImageDecoder&) = delete;
  ImageDecoder& operator=(const ImageDecoder&) = delete;

  // From the file's header alone. DataLoss when there is none; ResourceExhausted beyond kMaxPixels.
  Result<ImageSize> ReadSize(std::span<const std::uint8_t> file);

  // The pixels, borrowed until the next call. `shrink` is 1, 2, 4 or 8: a JPEG is decoded at 1/shrink of its size
  // (rounded up), which is several times quicker; a PNG is not shrunk. DataLoss when the file is corrupt or truncated,
  // with the library's words; only bytes too many between a JPEG's parts are forgiven, as other readers do.
  Result<PixelView> Decode(std::span<const std::uint8_t> file, int shrink);

 private:
  struct JpegHeader {
    ImageSize size;
    int colour_space = 0;  // TJCS
  };

  Result<JpegHeader> ReadJpegHeader(std::span<const std::uint8_t> file);
  Result<PixelView> DecodeJpeg(std::span<const std::uint8_t> file, int shrink);
  Result<PixelView> DecodePng(std::span<const std::uint8_t> file);

  void* jpeg_;  // tjhandle
  std::vector<std::uint8_t> pixels_;
  std::vector<std::uint8_t> four_channels_;
};

}  // namespace eoa::train
