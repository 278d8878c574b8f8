#include "trainer/engine/member.h"

#include <numeric>
#include <utility>

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "trainer/engine/merge.h"
#include "trainer/pretrained/load_pretrained.h"

namespace eoa::train {
namespace {

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
  DataSplit split = MakeSplit(source_->labels(), trainer.dataset.validation_fraction, split_seed);
  fitness_samples_ = FitnessSubset(split.validation, spec_.ecosphere.fitness_samples, split_seed);
  if (fitness_samples_.empty()) {
    return InvalidArgumentError("spec.trainer.dataset.validationFraction leaves no image to judge members by");
  }

  // Each world sees an order of its own.
  const bool one_world = spec_.ecosphere.gradient_scope == api::GradientScope::kEcosphere;
  LoaderOptions loader{.seed = SeedFor(spec_, one_world ? "order" : "order/" + options_.population),
                       .rank = world.rank(),
                       .world = world.size(),
                       .batch_size = trainer.batch_size_per_member,
                       .threads = trainer.dataset.loader_threads};
  const auto share = static_cast<std::int64_t>(split.train.size()) / world.size();
  EOA_ASSIGN_OR_RETURN(steps_per_generation_, StepsPerGeneration(spec_, share / trainer.batch_size_per_member));
  loader.first_batch = options_.first_generation * steps_per_generation_ * trainer.gradient_accumulation;
  EOA_ASSIGN_OR_RETURN(loader_, Loader::ForTraining(*source_, std::move(split.train), TransformFor(trainer), loader));
  return OkStatus();
}

Status Member::MakeNetwork(Comm& world) {
  EOA_ASSIGN_OR_RETURN(model_, MakeModel(spec_.trainer, source_->classes(), SeedFor(spec_, "model")));
  if (!spec_.trainer.model.pretrained.empty()) {
    EOA_RETURN_IF_ERROR(LoadPretrained(spec_.trainer, model_->parameters()));
  }
  weights_ = std::make_unique<FlatWeights>(model_->parameters().All());
  // Unlike processors may round initial weights differently.
  EOA_RETURN_IF_ERROR(CopyWeights(world, *weights_, 0));
  const at::NoGradGuard no_grad;
  weights_->Unpack();
  optimizer_ = std::make_unique<Optimizer>(spec_.trainer.optimizer, model_->parameters());
  {
    const at::AutoGradMode with_grad(true);
    EOA_ASSIGN_OR_RETURN(reducer_, world.MakeReducer(model_->parameters().Trainable()));
  }
  step_ = std::make_unique<TrainStep>(spec_.trainer, *model_, *optimizer_, *reducer_, *weights_);
  return OkStatus();
}

Result<std::vector<MicroBatch>> Member::NextBatches() {
  std::vector<MicroBatch> batches;
  const int count = spec_.trainer.gradient_accumulation;
  for (int i = 0; i < count; ++i) {
    EOA_ASSIGN_OR_RETURN(const std::optional<Batch> batch, loader_->Next());
    if (!batch) return InternalError("the training loader has come to an end");
    MicroBatch borrowed = BorrowBatch(*batch, spec_.trainer.model.image_size);
    // The loader takes its memory back with the next batch.
    if (count > 1) borrowed = {.images = borrowed.images.clone(), .labels = borrowed.labels.clone()};
    batches.push_back(std::move(borrowed));
  }
  return batches;
}

Result<TrainingSummary> Member::Train(int generation, double learning_rate, const OnStep& on_step) {
  // Dropout's random numbers; each member and generation has its own.
  at::manual_seed(SeedFor(spec_, "dropout/" + options_.population + "/" + std::to_string(options_.member), generation));
  if (spec_.trainer.optimizer.reset_each_generation) optimizer_->Reset();
  step_->BeginGeneration();
  const SteadyTime start = clock_.SteadyNow();
  const double images_per_step = spec_.trainer.batch_size_per_member * spec_.trainer.gradient_accumulation;
  TrainingSummary summary{.learning_rate = learning_rate};
  double loss_sum = 0;
  SteadyTime began = start;
  for (std::int64_t step = 1; step <= steps_per_generation_; ++step) {
    EOA_ASSIGN_OR_RETURN(const std::vector<MicroBatch> batches, NextBatches());
    times_.data_wait_seconds += ToSeconds(clock_.SteadyNow() - began);
    EOA_ASSIGN_OR_RETURN(const double loss, step_->Run(batches, learning_rate));
    loss_sum += loss;
    const SteadyTime now = clock_.SteadyNow();
    ++times_.steps;
    times_.seconds += ToSeconds(now - began);
    times_.communication_seconds = ToSeconds(reducer_->waited());
    began = now;
    const double seconds = ToSeconds(now - start);
    summary.images_per_second = seconds > 0 ? static_cast<double>(step) * images_per_step / seconds : 0;
    summary.mean_loss = loss_sum / static_cast<double>(step);
    on_step(step, summary);
  }
  EOA_RETURN_IF_ERROR(step_->EndGeneration());
  summary.diverged = step_->diverged();
  return summary;
}

Result<Evaluation> Member::EvaluateFitness() {
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                       Loader::ForEvaluation(*source_, fitness_samples_, TransformFor(spec_.trainer),
                                             {.batch_size = spec_.trainer.batch_size_per_member,
                                              .threads = spec_.trainer.dataset.loader_threads}));
  return Evaluate(*model_, *loader, spec_.trainer);
}

Result<Evaluation> Member::EvaluateTest(Comm& group, ClassCounts& counts) {
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<DataSource> source, OpenDataSource(spec_.trainer.dataset, Split::kTest));
  std::vector<std::uint32_t> samples(source->size());
  std::iota(samples.begin(), samples.end(), 0U);
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                       Loader::ForEvaluation(*source, std::move(samples), TransformFor(spec_.trainer),
                                             {.rank = group.rank(),
                                              .world = group.size(),
                                              .batch_size = spec_.trainer.batch_size_per_member,
                                              .threads = spec_.trainer.dataset.loader_threads}));
  EOA_ASSIGN_OR_RETURN(Evaluation evaluation, Evaluate(*model_, *loader, spec_.trainer, &counts));
  // A member without an image of its own takes part in the sum.
  if (!counts.confusion.defined()) {
    const std::int64_t counted = source->classes() <= kMostCountedClasses ? source->classes() : 0;
    counts.confusion = at::zeros({counted, counted}, at::kLong);
  }
  EOA_RETURN_IF_ERROR(AddUp(group, evaluation, counts));
  return evaluation;
}

}  // namespace eoa::train
