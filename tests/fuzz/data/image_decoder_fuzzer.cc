// Any bytes as an image: the header, the whole picture and the shrunk one.
#include <cstddef>
#include <cstdint>

#include "common/base/check.h"
#include "trainer/data/image_decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static eoa::train::ImageDecoder decoder;
  const auto header = decoder.ReadSize({data, size});
  // A picture of many megapixels from a few bytes is allowed, but would only make fuzzing slow.
  if (!header.ok() || std::int64_t{header->width} * header->height > (1 << 20)) return 0;
  for (const int shrink : {1, 8}) {
    const auto image = decoder.Decode({data, size}, shrink);
    if (!image.ok()) continue;
    const auto pixels = static_cast<std::size_t>(image->width) * static_cast<std::size_t>(image->height);
    EOA_CHECK(image->rgb.size() == 3 * pixels, "all pixels");
    EOA_CHECK(image->width <= header->width && image->height <= header->height, "no more pixels than the header says");
  }
  return 0;
}
