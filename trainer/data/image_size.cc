#include "trainer/data/image_size.h"

#include <string>

namespace eoa::train {

Status CheckImageSize(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1) return DataLossError("an image without pixels");
  if (width > kMaxPixels || height > kMaxPixels || width * height > kMaxPixels) {
    return DataLossError("the image has " + std::to_string(width) + " x " + std::to_string(height) +
                         " pixels; at most " + std::to_string(kMaxPixels) +
                         " in all are read; make it smaller or take it out of the data set");
  }
  return OkStatus();
}

}  // namespace eoa::train
