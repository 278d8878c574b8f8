// record_pixels: for each file name on standard input, its pixels as the trainer decodes them, or why it refuses it.
// Answers "ok WIDTH HEIGHT\n" and the pixels, or "refused REASON\n".
#include <iostream>
#include <string>
#include <vector>

#include "trainer/data/image_decoder.h"
#include "trainer/data/image_file.h"
#include "trainer/data/read_only_file.h"

int main() {
  using namespace eoa::train;  // NOLINT(google-build-using-namespace): a main
  ImageDecoder decoder;
  std::vector<std::uint8_t> file;
  for (std::string name; std::getline(std::cin, name);) {
    if (const eoa::Status read = ReadWhole(name, kMaxImageFileBytes, file); !read.ok()) {
      std::cout << "refused " << read.error().message() << "\n";
      continue;
    }
    const auto image = decoder.Decode(file, 1);
    if (!image.ok()) {
      std::cout << "refused " << image.error().message() << "\n";
      continue;
    }
    std::cout << "ok " << image->width << " " << image->height << "\n";
    std::cout.write(reinterpret_cast<const char*>(image->rgb.data()), static_cast<std::streamsize>(image->rgb.size()));
  }
  return std::cout.good() ? 0 : 1;
}
