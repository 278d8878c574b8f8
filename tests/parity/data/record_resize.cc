// record_resize: cuts boxes out of images and resizes them, for resize_parity.py. Reads cases from stdin, a line
// "WIDTH HEIGHT LEFT TOP BOX_WIDTH BOX_HEIGHT SIZE" and then WIDTH x HEIGHT x 3 bytes; writes SIZE x SIZE x 3 bytes for
// each.
#include <cstdint>
#include <iostream>
#include <vector>

#include "trainer/data/resampler.h"

int main() {
  eoa::train::Resampler resampler;
  int width = 0;
  int height = 0;
  int size = 0;
  eoa::train::Box box;
  while (std::cin >> width >> height >> box.left >> box.top >> box.width >> box.height >> size) {
    std::cin.ignore(1);
    std::vector<std::uint8_t> rgb(std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    std::cin.read(reinterpret_cast<char*>(rgb.data()), static_cast<std::streamsize>(rgb.size()));
    const eoa::train::PixelView out = resampler.Resize({width, height, rgb}, box, size);
    std::cout.write(reinterpret_cast<const char*>(out.rgb.data()), static_cast<std::streamsize>(out.rgb.size()));
  }
  return 0;
}
