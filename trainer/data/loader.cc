#include "trainer/data/loader.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "common/base/check.h"
#include "common/base/mutex.h"
#include "trainer/data/batch_plan.h"
#include "trainer/data/image_pipeline.h"
#include "trainer/data/placement.h"

namespace eoa::train {
namespace {

// A ring of batches. Batch n lies in slot n % slots: threads claim numbers in order, each fills its slot alone, and
// Next() hands them out in order.
class PrefetchingLoader final : public Loader {
 public:
  PrefetchingLoader(const DataSource& source, std::unique_ptr<BatchPlan> plan, const Transform& transform,
                    const LoaderOptions& options)
      : source_(source),
        plan_(std::move(plan)),
        transform_(transform),
        options_(options),
        slots_(static_cast<std::size_t>(options.prefetch) + static_cast<std::size_t>(options.threads) + 1),
        ready_(slots_.size(), -1),
        next_claim_(options.first_batch),
        current_(options.first_batch - 1) {}

  Status Start() {
    try {
      for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error& exception) {
      return ResourceExhaustedError(std::string("starting the loader's threads: ") + exception.what());
    }
    return OkStatus();
  }

  ~PrefetchingLoader() override {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
    }
    slot_free_.NotifyAll();
    for (std::thread& thread : threads_) thread.join();
  }

  Result<std::optional<Batch>> Next() override {
    const MutexLock lock(mutex_);
    const std::int64_t number = failed_ ? current_ : current_ + 1;
    if (!plan_->Exists(number)) return std::optional<Batch>();
    // The caller is done with the batch before.
    current_ = number;
    slot_free_.NotifyOne();
    if (!IsReady(number)) {
      const SteadyTime start = options_.clock->SteadyNow();
      const bool in_time =
          batch_ready_.WaitFor(mutex_, options_.timeout, [&]() REQUIRES(mutex_) { return IsReady(number); });
      waited_seconds_ += ToSeconds(options_.clock->SteadyNow() - start);
      if (!in_time) {
        current_ = number - 1;
        return DeadlineExceededError("batch " + std::to_string(number) + " was not read within " +
                                     std::to_string(ToSeconds(options_.timeout)) + " s; is the data set's disk stuck?");
      }
    }
    const Slot& slot = slots_[PlaceOf(number)];
    failed_ = slot.error.has_value();
    if (failed_) return *slot.error;
    return std::optional(Batch{static_cast<std::int64_t>(slot.samples.size()), slot.images, slot.labels, slot.samples,
                               plan_->EpochOf(number), number});
  }

  std::int64_t batches_per_epoch() const override { return plan_->per_epoch(); }
  double waited_seconds() const override { return waited_seconds_; }

 private:
  struct Slot {
    std::vector<float> images;
    std::vector<std::int64_t> labels;
    std::vector<std::uint32_t> samples;
    std::optional<Error> error;
  };

  std::size_t PlaceOf(std::int64_t number) const { return static_cast<std::size_t>(number) % slots_.size(); }
  bool IsReady(std::int64_t number) const REQUIRES(mutex_) { return ready_[PlaceOf(number)] == number; }

  // The next batch to fill, once its slot is free. Nothing when there is none or the loader stops.
  std::optional<std::int64_t> Claim() {
    MutexLock lock(mutex_);
    const auto capacity = static_cast<std::int64_t>(slots_.size());
    // Batch current_ is still the caller's, so its slot, current_ + capacity's, is not free.
    slot_free_.Wait(mutex_, [&]() REQUIRES(mutex_) {
      return stopping_ || next_claim_ < std::max(current_, options_.first_batch) + capacity;
    });
    if (stopping_ || !plan_->Exists(next_claim_)) return std::nullopt;
    return next_claim_++;
  }

  void Work() {
    ImagePipeline pipeline(transform_);
    while (const auto number = Claim()) {
      Slot& slot = slots_[PlaceOf(*number)];
      auto status = FillOrExplain(pipeline, *number, slot);
      {
        const MutexLock lock(mutex_);
        slot.error = status.ok() ? std::nullopt : std::optional(std::move(status).error());
        ready_[PlaceOf(*number)] = *number;
      }
      batch_ready_.NotifyOne();
    }
  }

  Status FillOrExplain(ImagePipeline& pipeline, std::int64_t number, Slot& slot) {
    try {
      return Fill(pipeline, number, slot);
    } catch (const std::bad_alloc&) {
      return ResourceExhaustedError("no memory for batch " + std::to_string(number));
    } catch (const std::exception& exception) {
      return InternalError("batch " + std::to_string(number) + ": " + exception.what());
    }
  }

  Status Fill(ImagePipeline& pipeline, std::int64_t number, Slot& slot) {
    const std::size_t image = std::size_t{3} * static_cast<std::size_t>(transform_.image_size) *
                              static_cast<std::size_t>(transform_.image_size);
    slot.samples = plan_->SamplesOf(number);
    slot.images.resize(slot.samples.size() * image);
    slot.labels.clear();
    const std::int64_t epoch = plan_->EpochOf(number);
    for (std::size_t i = 0; i < slot.samples.size(); ++i) {
      const std::uint32_t sample = slot.samples[i];
      slot.labels.push_back(source_.labels()[sample]);
      SeededRandom random = AugmentationStream(options_.seed, epoch, sample);
      Random* const augment = plan_->training() ? &random : nullptr;
      EOA_RETURN_IF_ERROR(pipeline.Run(source_, sample, augment, std::span(slot.images).subspan(i * image, image)));
    }
    return OkStatus();
  }

  const DataSource& source_;
  const std::unique_ptr<BatchPlan> plan_;
  const Transform transform_;
  const LoaderOptions options_;
  std::vector<Slot> slots_;  // each belongs to the thread that claimed its batch, then, once ready, to the caller

  Mutex mutex_;
  CondVar slot_free_;
  CondVar batch_ready_;
  std::vector<std::int64_t> ready_ GUARDED_BY(mutex_);  // by slot: the batch it holds
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::int64_t next_claim_ GUARDED_BY(mutex_);
  std::int64_t current_ GUARDED_BY(mutex_);  // the batch that the caller has
  bool failed_ = false;                      // the owner's
  double waited_seconds_ = 0;
  std::vector<std::thread> threads_;
};

Result<std::unique_ptr<Loader>> Make(const DataSource& source, std::unique_ptr<BatchPlan> plan,
                                     const Transform& transform, const LoaderOptions& options) {
  auto loader = std::make_unique<PrefetchingLoader>(source, std::move(plan), transform, options);
  EOA_RETURN_IF_ERROR(loader->Start());
  return std::unique_ptr<Loader>(std::move(loader));
}

BatchPlan::Options PlanOf(const LoaderOptions& options) {
  return {options.seed, options.rank, options.world, options.batch_size};
}

void CheckArguments(const DataSource& source, std::span<const std::uint32_t> samples, const LoaderOptions& options) {
  EOA_CHECK(0 <= options.rank && options.rank < options.world, "a rank within its world");
  EOA_CHECK(options.batch_size >= 1 && options.threads >= 1 && options.prefetch >= 0 && options.first_batch >= 0,
            "loader options within their bounds");
  EOA_CHECK(std::ranges::all_of(samples, [&](std::uint32_t sample) { return sample < source.size(); }),
            "samples of this source");
}

}  // namespace

Result<std::unique_ptr<Loader>> Loader::ForTraining(const DataSource& source, std::vector<std::uint32_t> samples,
                                                    const Transform& transform, const LoaderOptions& options) {
  CheckArguments(source, samples, options);
  const std::size_t shard = samples.size() / static_cast<std::size_t>(options.world);
  if (shard < static_cast<std::size_t>(options.batch_size)) {
    return InvalidArgumentError("a batch has " + std::to_string(options.batch_size) + " images, but each of " +
                                std::to_string(options.world) + " members has only " + std::to_string(shard) + " of " +
                                std::to_string(samples.size()) +
                                " to train on; set batchSizePerMember to that number or less");
  }
  return Make(source, BatchPlan::ForTraining(std::move(samples), PlanOf(options)), transform, options);
}

Result<std::unique_ptr<Loader>> Loader::ForEvaluation(const DataSource& source, std::vector<std::uint32_t> samples,
                                                      const Transform& transform, const LoaderOptions& options) {
  CheckArguments(source, samples, options);
  return Make(source, BatchPlan::ForEvaluation(std::move(samples), PlanOf(options)), transform, options);
}

}  // namespace eoa::train
