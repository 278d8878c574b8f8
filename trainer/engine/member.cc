#include "trainer/engine/member.h"

#include <limits>
#include <numeric>
#include <utility>

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/full.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/zeros.h>
#include <ATen/record_function.h>

#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "trainer/data/check_data.h"
#include "trainer/data/mixup.h"
#include "trainer/engine/merge.h"
#include "trainer/pretrained/load_pretrained.h"

namespace eoa::train {
namespace {

constexpr int kCheckThreads = 8;  // that open files: they mostly wait for the disk

// A seed for one purpose, so that no two purposes share random numbers.
std::uint64_t SeedFor(const api::JobSpec& spec, const std::string& purpose, std::int64_t sequence = 0) {
  const StreamId stream{HashName(purpose), static_cast<std::uint64_t>(sequence)};
  return SeededRandom(static_cast<std::uint64_t>(spec.seed), stream).NextBits();
}

}  // namespace

Result<std::int64_t> StepsPerGeneration(const api::JobSpec& spec, std::int64_t batches) {
  if (spec.ecosphere.generation_steps > 0) return spec.ecosphere.generation_steps;
  const std::int64_t steps = spec.ecosphere.generation_epochs * batches / spec.trainer.gradient_accumulation;
  if (steps > 0) return steps;
  return InvalidArgumentError(
      "a generation would have no step: a member's share of the training images fills " + std::to_string(batches) +
      " micro-batches of batchSizePerMember " + std::to_string(spec.trainer.batch_size_per_member) +
      " in an epoch, fewer than gradientAccumulation " + std::to_string(spec.trainer.gradient_accumulation) +
      "; use smaller batches, fewer members or more images");
}

Result<std::unique_ptr<Member>> Member::Make(const MemberOptions& options, Comm& world, Clock& clock) {
  std::unique_ptr<Member> member(new Member(options, clock));
  EOA_RETURN_IF_ERROR(member->OpenData(world));
  EOA_RETURN_IF_ERROR(member->MakeNetwork(world));
  return member;
}

Status Member::OpenData(Comm& world) {
  const api::TrainerSpec& trainer = spec_.trainer;
  const std::uint64_t split_seed = SeedFor(spec_, "split");
  EOA_ASSIGN_OR_RETURN(source_, OpenDataSource(trainer.dataset, Split::kTrain));
  if (world.rank() == 0) EOA_RETURN_IF_ERROR(CheckDataset(trainer.dataset, *source_, kCheckThreads));
  DataSplit split = MakeSplit(source_->labels(), trainer.dataset.validation_fraction, split_seed);
  fitness_samples_ = FitnessSubset(split.validation, spec_.ecosphere.fitness_samples, split_seed);
  if (fitness_samples_.empty()) {
    return InvalidArgumentError("spec.trainer.dataset.validationFraction leaves no image to judge members by");
  }

  // Each world sees an order of its own.
  const bool one_world = spec_.ecosphere.gradient_scope == api::GradientScope::kEcosphere;
  order_seed_ = SeedFor(spec_, one_world ? "order" : "order/" + options_.population);
  rank_ = world.rank();
  LoaderOptions loader{.seed = order_seed_,
                       .rank = world.rank(),
                       .world = world.size(),
                       .batch_size = trainer.batch_size_per_member,
                       .threads = trainer.dataset.loader_threads};
  const auto share = static_cast<std::int64_t>(split.train.size()) / world.size();
  EOA_ASSIGN_OR_RETURN(steps_per_generation_, StepsPerGeneration(spec_, share / trainer.batch_size_per_member));
  loader.first_batch = options_.first_generation * steps_per_generation_ * trainer.gradient_accumulation;
  next_batch_ = loader.first_batch;
  EOA_ASSIGN_OR_RETURN(feed_, MakeTrainingFeed(std::move(split.train), loader));
  return OkStatus();
}

Result<std::unique_ptr<BatchFeed>> Member::MakeTrainingFeed(std::vector<std::uint32_t> samples,
                                                            const LoaderOptions& options) {
  const Transform transform = TransformFor(spec_.trainer);
  if (options_.device.is_cuda() && spec_.trainer.device.resident_data) {
    EOA_ASSIGN_OR_RETURN(resident_, ResidentImages::Make(*source_, transform, options_.device));
    if (resident_) return resident_->ForTraining(std::move(samples), options);
  }
  EOA_ASSIGN_OR_RETURN(std::unique_ptr<Loader> loader,
                       Loader::ForTraining(*source_, std::move(samples), transform, options));
  return FeedFrom(std::move(loader), transform.image_size, options_.device);
}

Status Member::MakeNetwork(Comm& world) {
  EOA_ASSIGN_OR_RETURN(model_, MakeModel(spec_.trainer, source_->classes(), SeedFor(spec_, "model")));
  if (!spec_.trainer.model.pretrained.empty()) {
    EOA_RETURN_IF_ERROR(LoadPretrained(spec_.trainer, model_->parameters()));
  }
  model_->parameters().MoveTo(options_.device);
  weights_ = std::make_unique<FlatWeights>(model_->parameters().All());
  // Different processors may round initial weights differently.
  EOA_RETURN_IF_ERROR(CopyWeights(world, *weights_, 0));
  const at::NoGradGuard no_grad;
  weights_->Unpack();
  optimizer_ = std::make_unique<Optimizer>(spec_.trainer.optimizer, model_->parameters());
  const at::AutoGradMode with_grad(true);
  const StepParts parts{spec_.trainer, *model_, *optimizer_, world, *weights_};
  EOA_ASSIGN_OR_RETURN(step_, options_.device.is_cpu() ? MakeCheckedStep(parts) : MakeQueuedStep(parts));
  return OkStatus();
}

Result<std::vector<MicroBatch>> Member::NextBatches() {
  RECORD_USER_SCOPE("data");
  std::vector<MicroBatch> batches;
  const int count = spec_.trainer.gradient_accumulation;
  for (int i = 0; i < count; ++i) {
    EOA_ASSIGN_OR_RETURN(std::optional<MicroBatch> batch, feed_->Next());
    if (!batch) return InternalError("the training images have come to an end");
    // On the CPU the feed takes its memory back with the next batch.
    if (count > 1 && batch->images.is_cpu()) batch = {.images = batch->images.clone(), .labels = batch->labels.clone()};
    if (spec_.trainer.mixup > 0) batch = Mixed(*batch);
    ++next_batch_;
    batches.push_back(*std::move(batch));
  }
  return batches;
}

MicroBatch Member::Mixed(const MicroBatch& batch) const {
  const double share = MixupShare(spec_.trainer.mixup, order_seed_, rank_, next_batch_);
  const at::Tensor mixed = at::lerp(batch.images.flip(0), batch.images, share);
  const at::Tensor on_device = at::full({}, share, batch.images.options());
  return {.images = mixed.contiguous(at::MemoryFormat::ChannelsLast), .labels = batch.labels, .share = on_device};
}

Status Member::Step(double learning_rate, SteadyTime began) {
  RECORD_USER_SCOPE("step");
  EOA_ASSIGN_OR_RETURN(const std::vector<MicroBatch> batches, NextBatches());
  times_.data_wait_seconds += ToSeconds(clock_.SteadyNow() - began);
  return step_->Run(batches, learning_rate);
}

Result<TrainingSummary> Member::Train(int generation, double learning_rate, const OnStep& on_step) {
  if (spec_.trainer.optimizer.reset_each_generation) optimizer_->Reset();
  return Train({.generation = generation, .learning_rate = learning_rate, .end = steps_per_generation_}, on_step);
}

Result<TrainingSummary> Member::Train(const Stretch& stretch, const OnStep& on_step) {
  // Dropout's random numbers; each member and generation has its own.
  at::manual_seed(
      SeedFor(spec_, "dropout/" + options_.population + "/" + std::to_string(options_.member), stretch.generation));
  step_->BeginGeneration();
  const SteadyTime start = clock_.SteadyNow();
  const double images_per_step = spec_.trainer.batch_size_per_member * spec_.trainer.gradient_accumulation;
  const auto steps = static_cast<double>(stretch.end - stretch.first);
  TrainingSummary summary{.learning_rate = stretch.learning_rate};
  SteadyTime began = start;
  for (std::int64_t step = stretch.first + 1; step <= stretch.end; ++step) {
    const auto done = static_cast<double>(step - stretch.first);
    EOA_RETURN_IF_ERROR(profile_.Begin());
    EOA_RETURN_IF_ERROR(
        Step(stretch.falls ? stretch.learning_rate * (1 - (done - 1) / steps) : stretch.learning_rate, began));
    EOA_RETURN_IF_ERROR(profile_.End());
    const SteadyTime now = clock_.SteadyNow();
    ++times_.steps;
    times_.seconds += ToSeconds(now - began);
    times_.communication_seconds = ToSeconds(step_->waited());
    began = now;
    const double seconds = ToSeconds(now - start);
    summary.images_per_second = seconds > 0 ? done * images_per_step / seconds : 0;
    summary.mean_loss = step_->mean_loss();
    on_step(step, summary);
  }
  EOA_RETURN_IF_ERROR(step_->EndGeneration());
  const double seconds = ToSeconds(clock_.SteadyNow() - start);
  summary.images_per_second = seconds > 0 ? steps * images_per_step / seconds : 0;
  summary.mean_loss = step_->mean_loss();
  summary.diverged = step_->diverged();
  return summary;
}

Result<Member::Trial> Member::Probe(int generation, const std::vector<double>& rates, std::size_t own,
                                    const OnStep& on_step) {
  const auto trials = static_cast<std::int64_t>(rates.size());
  const std::int64_t each = steps_per_generation_ / trials;
  if (each == 0) {
    return InvalidArgumentError("a generation of " + std::to_string(steps_per_generation_) +
                                " steps is too short for " + std::to_string(trials) +
                                " trials of a probe generation; use longer generations or probeGenerations 0");
  }
  Trial result;
  for (std::int64_t trial = 0; trial < trials; ++trial) {
    {
      const at::NoGradGuard no_grad;
      weights_->Unpack();
    }
    optimizer_->Reset();
    const double rate = rates[static_cast<std::size_t>(trial)];
    Result<TrainingSummary> summary = Train({.generation = generation,
                                             .learning_rate = rate,
                                             .falls = true,
                                             .first = trial * each,
                                             .end = (trial + 1) * each},
                                            on_step);
    if (!summary.ok()) {
      // Too large a rate for a single step: the same for all members, who see the same gradients.
      if (summary.error().code() != ErrorCode::kOutOfRange) return summary.error();
      summary = TrainingSummary{.learning_rate = rate, .diverged = true};
    }
    if (std::cmp_not_equal(trial, own)) continue;
    EOA_ASSIGN_OR_RETURN(Evaluation fitness, EvaluateFitness());
    if (summary->diverged) fitness.loss_sum = std::numeric_limits<double>::infinity();
    result = {.summary = *summary, .fitness = fitness};
  }
  // A run that goes on from a checkpoint sees the same images from here on.
  for (std::int64_t rest = trials * each; rest < steps_per_generation_; ++rest) {
    EOA_RETURN_IF_ERROR(NextBatches());
  }
  optimizer_->Reset();
  const at::NoGradGuard no_grad;
  weights_->Unpack();
  return result;
}

Result<Evaluation> Member::EvaluateFitness() {
  const LoaderOptions options{.batch_size = spec_.trainer.batch_size_per_member,
                              .threads = spec_.trainer.dataset.loader_threads};
  if (resident_) {
    const std::unique_ptr<BatchFeed> feed = resident_->ForEvaluation(fitness_samples_, options);
    return Evaluate(*model_, *feed, spec_.trainer);
  }
  const Transform transform = TransformFor(spec_.trainer);
  EOA_ASSIGN_OR_RETURN(std::unique_ptr<Loader> loader,
                       Loader::ForEvaluation(*source_, fitness_samples_, transform, options));
  const std::unique_ptr<BatchFeed> feed = FeedFrom(std::move(loader), transform.image_size, options_.device);
  return Evaluate(*model_, *feed, spec_.trainer);
}

Result<Evaluation> Member::EvaluateTest(Comm& group, ClassCounts& counts) {
  Result<Evaluation> own = EvaluateTestShare(group, counts);
  // Peers would wait for a member that cannot read its images.
  at::Tensor failed = at::full({1}, own.ok() ? 0.0 : 1.0, at::kDouble);
  EOA_RETURN_IF_ERROR(group.AllReduceSum(failed));
  if (!own.ok()) return own;
  if (failed.item<double>() > 0) return DataLossError("another member could not read its share of the test set");
  // A member without an image of its own takes part in the sum.
  if (!counts.confusion.defined()) {
    const std::int64_t counted = source_->classes() <= kMostCountedClasses ? source_->classes() : 0;
    counts.confusion = at::zeros({counted, counted}, at::kLong);
  }
  EOA_RETURN_IF_ERROR(AddUp(group, *own, counts));
  return own;
}

Result<Evaluation> Member::EvaluateTestShare(const Comm& group, ClassCounts& counts) {
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<DataSource> source,
                       OpenDataSource(spec_.trainer.dataset, Split::kTest, source_->class_names()));
  std::vector<std::uint32_t> samples(source->size());
  std::iota(samples.begin(), samples.end(), 0U);
  EOA_ASSIGN_OR_RETURN(std::unique_ptr<Loader> loader,
                       Loader::ForEvaluation(*source, std::move(samples), TransformFor(spec_.trainer),
                                             {.rank = group.rank(),
                                              .world = group.size(),
                                              .batch_size = spec_.trainer.batch_size_per_member,
                                              .threads = spec_.trainer.dataset.loader_threads}));
  const std::unique_ptr<BatchFeed> feed = FeedFrom(std::move(loader), spec_.trainer.model.image_size, options_.device);
  return Evaluate(*model_, *feed, spec_.trainer, &counts);
}

}  // namespace eoa::train
