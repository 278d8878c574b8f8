// MemorySource: a data set's pixels in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/image_decoder.h"

namespace eoa::train {

// Decoded images, one after the other.
struct DecodedImages {
  std::vector<ImageSize> sizes;
  std::vector<std::uint8_t> rgb;  // each image's rows, without padding
};

class MemorySource final : public DataSource {
 public:
  // `images` and `labels` have one entry for each sample; `origin` is the directory, for errors.
  MemorySource(DecodedImages images, std::vector<std::int32_t> labels, std::vector<std::string> class_names,
               std::string origin, LeftOut left_out = {});

  Result<RecordView> Read(std::uint32_t sample, std::vector<std::uint8_t>& scratch) const override;
  std::string Describe(std::uint32_t sample) const override;

 private:
  DecodedImages images_;
  std::vector<std::uint64_t> offsets_;
  std::string origin_;
};

// Decodes all of `source` into memory, or returns it as it is when that takes more than `limit` bytes. DataLoss for an
// image that cannot be decoded.
Result<std::unique_ptr<DataSource>> HoldInMemory(std::unique_ptr<DataSource> source, std::uint64_t limit,
                                                 std::string origin);

}  // namespace eoa::train
