// Resampler: cuts a box out of an image and resizes it to a square, with antialiased bilinear interpolation.
//
// As Pillow's BILINEAR and torchvision's antialias=True: a triangle filter that is as wide as one source pixel when the
// image grows and as one target pixel when it shrinks, normalised at the image's edges. The filter may see pixels
// outside of the box but inside of the image. Values are rounded once, at the end.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/data_source.h"
#include "trainer/data/geometry.h"

namespace eoa::train {

// Thread-safety: none; each thread has its own, which keeps its buffers.
class Resampler {
 public:
  // `box` lies within the image and is not empty. The size x size pixels are borrowed until the next call.
  PixelView Resize(PixelView image, const Box& box, int size);

 private:
  // The source pixels that make up one target pixel along one axis.
  struct Taps {
    int first = 0;
    int count = 0;
    int weights = 0;  // index of the first weight
  };
  struct Axis {
    std::vector<Taps> taps;
    std::vector<float> weights;
    void Compute(int source_size, double begin, double length, int size);
  };

  Axis columns_;
  Axis rows_;
  std::vector<float> wide_;  // source rows x size x 3: resized along x only
  std::vector<float> line_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace eoa::train
