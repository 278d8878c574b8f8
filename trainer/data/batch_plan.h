// BatchPlan: which samples are in which batch, as trainer/data/loader.h promises.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/mutex.h"

namespace eoa::train {

// Thread-safety: every method may be called from any thread.
class BatchPlan {
 public:
  struct Options {
    std::uint64_t seed = 0;
    int rank = 0;
    int world = 1;
    int batch_size = 1;
  };

  // Endless; there is at least one batch for each member (the caller has checked).
  static std::unique_ptr<BatchPlan> ForTraining(std::vector<std::uint32_t> samples, const Options& options);
  static std::unique_ptr<BatchPlan> ForEvaluation(const std::vector<std::uint32_t>& samples, const Options& options);

  bool training() const { return training_; }

  // Batches in one epoch, or in the evaluation.
  std::int64_t per_epoch() const { return per_epoch_; }

  bool Exists(std::int64_t batch) const { return training_ || batch < per_epoch_; }
  std::int64_t EpochOf(std::int64_t batch) const { return training_ ? batch / per_epoch_ : 0; }

  // Only for a batch that exists. Quick, but for the first call of an epoch, which shuffles all samples.
  std::vector<std::uint32_t> SamplesOf(std::int64_t batch);

 private:
  using Order = std::shared_ptr<const std::vector<std::uint32_t>>;

  BatchPlan(std::vector<std::uint32_t> samples, const Options& options, bool training);
  Order OrderOf(std::int64_t epoch);

  const std::vector<std::uint32_t> samples_;
  const Options options_;
  const bool training_;
  const std::int64_t per_epoch_;

  Mutex mutex_;
  Order order_ GUARDED_BY(mutex_);  // of the newest epoch that was asked for
  std::int64_t order_epoch_ GUARDED_BY(mutex_) = -1;
};

}  // namespace eoa::train
