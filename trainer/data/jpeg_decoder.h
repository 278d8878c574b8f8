// JpegDecoder: JPEG files to pixels, the same that Pillow makes of them.
//
// What libjpeg only warns of is harmless (an odd JFIF version or Adobe marker, superfluous bytes between a file's
// parts) or damage, which is an error here: libjpeg would fill the gap with gray or with garbage.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/image_size.h"

namespace eoa::train {

struct JpegState;  // libjpeg's

// Thread-safety: none; each thread has its own.
class JpegDecoder {
 public:
  JpegDecoder();
  ~JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  static bool Knows(std::span<const std::uint8_t> file);

  // Both as ImageDecoder has them.
  Result<ImageSize> ReadSize(std::span<const std::uint8_t> file);
  Result<PixelView> Decode(std::span<const std::uint8_t> file, int shrink, std::vector<std::uint8_t>& pixels);

 private:
  std::unique_ptr<JpegState> state_;
  std::vector<std::uint8_t*> rows_;
  std::vector<std::uint8_t> cmyk_;
};

}  // namespace eoa::train
