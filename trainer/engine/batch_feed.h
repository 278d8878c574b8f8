// BatchFeed: where a member's batches come from, on the device that computes. Whatever the feed, the same batches: from
// a Loader's threads, or made by a GPU from images that lie in its memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/loader.h"
#include "trainer/data/transform.h"
#include "trainer/engine/micro_batch.h"

namespace eoa::train {

// Thread-safety: none; one owner.
class BatchFeed {
 public:
  virtual ~BatchFeed() = default;

  // The next batch, as Loader::Next(); on the CPU valid until the next call. Nothing after an evaluation's last.
  virtual Result<std::optional<MicroBatch>> Next() = 0;
};

// All images of a source, as they are, in the memory of a device.
class ResidentImages {
 public:
  // Null when the images are not all of the network's size, the transform does more than Placement tells, or they take
  // more than kDecodedBytesLimit.
  static Result<std::unique_ptr<ResidentImages>> Make(const DataSource& source, const Transform& transform,
                                                      c10::Device device);

  // The source must outlive the feeds, these images too. For arguments and errors see Loader.
  std::unique_ptr<BatchFeed> ForTraining(std::vector<std::uint32_t> samples, const LoaderOptions& options) const;
  std::unique_ptr<BatchFeed> ForEvaluation(const std::vector<std::uint32_t>& samples,
                                           const LoaderOptions& options) const;

 private:
  ResidentImages(const DataSource& source, const Transform& transform) : source_(source), transform_(transform) {}

  const DataSource& source_;
  Transform transform_;
  at::Tensor images_;  // uint8 [M, S, S, 3]
  at::Tensor table_;   // float32 [3, 256]
};

// The loader's batches, uploaded unless `device` is the CPU.
std::unique_ptr<BatchFeed> FeedFrom(std::unique_ptr<Loader> loader, int image_size, c10::Device device);

}  // namespace eoa::train
