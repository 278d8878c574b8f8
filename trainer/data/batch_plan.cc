#include "trainer/data/batch_plan.h"

#include <algorithm>
#include <span>
#include <utility>

#include "common/base/mutex.h"
#include "trainer/data/sampler.h"

namespace eoa::train {
namespace {

std::int64_t BatchesIn(std::size_t samples, const BatchPlan::Options& options, bool training) {
  const auto batch = static_cast<std::size_t>(options.batch_size);
  if (training) return static_cast<std::int64_t>(samples / static_cast<std::size_t>(options.world) / batch);
  return static_cast<std::int64_t>((samples + batch - 1) / batch);
}

}  // namespace

std::unique_ptr<BatchPlan> BatchPlan::ForTraining(std::vector<std::uint32_t> samples, const Options& options) {
  return std::unique_ptr<BatchPlan>(new BatchPlan(std::move(samples), options, /*training=*/true));
}

std::unique_ptr<BatchPlan> BatchPlan::ForEvaluation(const std::vector<std::uint32_t>& samples, const Options& options) {
  return std::unique_ptr<BatchPlan>(
      new BatchPlan(EvaluationShard(samples, options.rank, options.world), options, /*training=*/false));
}

BatchPlan::BatchPlan(std::vector<std::uint32_t> samples, const Options& options, bool training)
    : samples_(std::move(samples)),
      options_(options),
      training_(training),
      per_epoch_(BatchesIn(samples_.size(), options, training)) {}

std::vector<std::uint32_t> BatchPlan::SamplesOf(std::int64_t batch) {
  const std::int64_t epoch = EpochOf(batch);
  const Order order = OrderOf(epoch);
  const auto size = static_cast<std::size_t>(options_.batch_size);
  const std::size_t begin = static_cast<std::size_t>(batch - epoch * per_epoch_) * size;
  const auto samples = std::span(*order).subspan(begin, std::min(size, order->size() - begin));
  return {samples.begin(), samples.end()};
}

BatchPlan::Order BatchPlan::OrderOf(std::int64_t epoch) {
  const MutexLock lock(mutex_);
  if (epoch == order_epoch_) return order_;
  auto order = std::make_shared<const std::vector<std::uint32_t>>(
      training_ ? EpochOrder(options_.seed, epoch, samples_, options_.rank, options_.world) : samples_);
  // Threads ask nearly in order: a late one must not drive the newest epoch out.
  if (epoch > order_epoch_) {
    order_ = order;
    order_epoch_ = epoch;
  }
  return order;
}

}  // namespace eoa::train
