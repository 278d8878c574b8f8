#include "trainer/data/image_decoder.h"

#include "trainer/data/gif_decoder.h"
#include "trainer/data/png_decoder.h"
#include "trainer/data/webp_decoder.h"

namespace eoa::train {
namespace {

Error NoImage() { return DataLossError("expected a JPEG, PNG, WebP or GIF image; its first bytes are none of theirs"); }

}  // namespace

Result<ImageSize> ImageDecoder::ReadSize(std::span<const std::uint8_t> file) {
  if (JpegDecoder::Knows(file)) return jpeg_.ReadSize(file);
  if (IsPng(file)) return ReadPngSize(file);
  if (IsWebp(file)) return ReadWebpSize(file);
  if (IsGif(file)) return ReadGifSize(file);
  return NoImage();
}

Result<PixelView> ImageDecoder::Decode(std::span<const std::uint8_t> file, int shrink) {
  if (JpegDecoder::Knows(file)) return jpeg_.Decode(file, shrink, pixels_);
  if (IsPng(file)) return DecodePng(file, pixels_);
  if (IsWebp(file)) return DecodeWebp(file, pixels_);
  if (IsGif(file)) return DecodeGif(file, pixels_);
  return NoImage();
}

}  // namespace eoa::train
