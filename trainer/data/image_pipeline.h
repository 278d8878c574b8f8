// ImagePipeline: one sample's way from its record to normalised floats, as trainer/data/transform.h says.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "common/base/random.h"
#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/image_decoder.h"
#include "trainer/data/placement.h"
#include "trainer/data/resampler.h"
#include "trainer/data/transform.h"

namespace eoa::train {

// Thread-safety: none; each thread has its own, which keeps its buffers.
class ImagePipeline {
 public:
  explicit ImagePipeline(const Transform& transform);

  // Reads, decodes, augments and normalises `sample` into `out`: image_size x image_size x 3 floats, row by row. Random
  // numbers come from `augment`; null means evaluation: no augmentation. Errors carry the sample's origin.
  Status Run(const DataSource& source, std::uint32_t sample, Random* augment, std::span<float> out);

 private:
  Result<PixelView> SquareOf(const RecordView& record, Random* augment);
  void Finish(PixelView image, Random* augment, std::span<float> out) const;
  void Normalize(PixelView image, const Placement& placement, std::span<float> out) const;

  Transform transform_;
  ValueTable normalized_;
  ImageDecoder decoder_;
  Resampler resampler_;
  std::vector<std::uint8_t> scratch_;
};

}  // namespace eoa::train
