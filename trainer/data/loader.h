// Loader: turns samples into batches ahead of time, on threads of its own.
//
//   EOA_ASSIGN_OR_RETURN(auto train, OpenDataSource(spec.trainer.dataset, Split::kTrain));
//   const auto split = MakeSplit(train->labels(), spec.trainer.dataset.validation_fraction, seed);
//   EOA_ASSIGN_OR_RETURN(auto loader, Loader::ForTraining(*train, split.train, TransformFor(spec.trainer), options));
//   EOA_ASSIGN_OR_RETURN(auto batch, loader->Next());   // batch->images, batch->labels
//
// Batches are a function of (samples, transform, seed, rank, world, batch number) alone: not of the number of threads,
// nor of what was read before. A run that resumes passes the number of its next batch and goes on as if it had never
// stopped. Each sample's augmentation draws from a stream of its own under (seed, epoch, sample).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/transform.h"

namespace eoa::train {

struct LoaderOptions {
  std::uint64_t seed = 0;  // populations that should not see the same order pass different ones; evaluation ignores it
  int rank = 0;            // of `world` members that share the samples
  int world = 1;
  int batch_size = 128;
  int threads = 1;               // that read, decode and augment
  std::int64_t first_batch = 0;  // training: where to start; epoch = first_batch / batches_per_epoch()
  int prefetch = 2;              // batches that may lie ready, besides the one in use and one for each thread
  Duration timeout = std::chrono::minutes(5);  // for one Next()
  const Clock* clock = &RealClock();           // of `timeout`; tests give another
};

// Borrowed from the loader: valid until the next call of Next().
struct Batch {
  std::int64_t size = 0;                   // images, n
  std::span<const float> images;           // n x height x width x 3 in memory: logical [n, 3, H, W], channels last
  std::span<const std::int64_t> labels;    // n
  std::span<const std::uint32_t> samples;  // n: which ones they are
  std::int64_t epoch = 0;                  // training: counts from 0
  std::int64_t number = 0;                 // training: counts from 0 over all epochs
};

// Thread-safety: one owner. The source must outlive the loader.
class Loader {
 public:
  // Endless batches of exactly batch_size images, augmented, in EpochOrder (sampler.h). What is left of a shard after
  // its last whole batch is left out in that epoch. InvalidArgument when a member's shard is smaller than a batch.
  static Result<std::unique_ptr<Loader>> ForTraining(const DataSource& source, std::vector<std::uint32_t> samples,
                                                     const Transform& transform, const LoaderOptions& options);

  // This member's EvaluationShard (sampler.h) once, in order and without augmentation; the last batch may be smaller,
  // and there may be none.
  static Result<std::unique_ptr<Loader>> ForEvaluation(const DataSource& source, std::vector<std::uint32_t> samples,
                                                       const Transform& transform, const LoaderOptions& options);

  // Stops and joins the threads; takes as long as the images that they are at.
  virtual ~Loader() = default;

  // The next batch; nothing after an evaluation's last. DataLoss with file, record and what was expected for a sample
  // that cannot be decoded: at the batch that holds it, and at every call from there on. DeadlineExceeded after
  // options.timeout.
  virtual Result<std::optional<Batch>> Next() = 0;

  // Batches of this member in one epoch, or in the evaluation.
  virtual std::int64_t batches_per_epoch() const = 0;

  // How long Next() has waited for the threads so far: 0 as long as they keep up.
  virtual double waited_seconds() const = 0;
};

}  // namespace eoa::train
