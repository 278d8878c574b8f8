// Member: one member's own share of the job: its data, model, optimizer and weights. It trains a generation and judges
// weights; whose weights are merged with whose is not its business (generation_end.h).
//
// Which images a member sees is a function of (seed, generation, world), so that a resumed run goes on as if it had
// never stopped. Thread-safety: none; one owner.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/comm/comm.h"
#include "trainer/data/data_source.h"
#include "trainer/data/data_split.h"
#include "trainer/engine/batch_feed.h"
#include "trainer/engine/evaluation.h"
#include "trainer/engine/flat_weights.h"
#include "trainer/engine/step_profile.h"
#include "trainer/engine/train_step.h"
#include "trainer/model/model.h"
#include "trainer/optim/optimizer.h"

namespace eoa::train {

struct MemberOptions {
  const api::JobSpec* spec = nullptr;  // outlives the member
  std::string population;
  int member = 0;
  int first_generation = 0;  // that will be trained
  c10::Device device = c10::Device(c10::kCPU);
  int profile_steps = 0;  // to be traced into `profile_file`
  std::string profile_file;
};

struct TrainingSummary {
  double learning_rate = 0;
  double mean_loss = 0;  // over the steps; finite
  double images_per_second = 0;
  bool diverged = false;  // the weights are those that the generation began with
};

// Of all steps since the member was made.
struct TrainingTimes {
  std::int64_t steps = 0;
  double seconds = 0;
  double data_wait_seconds = 0;      // part of it: waiting for images
  double communication_seconds = 0;  // likewise: waiting for other members' gradients
};

class Member {
 public:
  // `world`: the group that averages gradients and shares the training images; outlives the member. Collective. The
  // weights are those of the job's seed or of model.pretrained, the same for all members.
  static Result<std::unique_ptr<Member>> Make(const MemberOptions& options, Comm& world, Clock& clock);

  // Called after each step (counting from 1) with the summary so far.
  using OnStep = std::function<void(std::int64_t step, const TrainingSummary& so_far)>;

  // Collective. Leaves weights() alone: they are those that the generation began with. The model holds the new ones.
  Result<TrainingSummary> Train(int generation, double learning_rate, const OnStep& on_step);

  // Collective; all members give the same `rates`. One probe generation (common/evolve/probe.h): for each LR, from
  // weights() and without momentum, equally many steps in which the LR falls linearly to 0, and then fitness. Summary
  // and fitness are those of trial `own`; the fitness loss of a trial that diverged is infinite. Afterwards the model
  // holds weights() again and the momentum is forgotten.
  struct Trial {
    TrainingSummary summary;
    Evaluation fitness;
  };
  Result<Trial> Probe(int generation, const std::vector<double>& rates, std::size_t own, const OnStep& on_step);

  // Of the model's present weights, on the samples that all members are judged by.
  Result<Evaluation> EvaluateFitness();

  // Collective in `group`, whose members hold equal weights: each takes its share of the test set; all get the whole
  // result, or all an error when one of them cannot read its images.
  Result<Evaluation> EvaluateTest(Comm& group, ClassCounts& counts);

  std::int64_t steps_per_generation() const { return steps_per_generation_; }
  const TrainingTimes& times() const { return times_; }
  FlatWeights& weights() { return *weights_; }
  Optimizer& optimizer() { return *optimizer_; }
  const std::vector<std::string>& class_names() const { return source_->class_names(); }

 private:
  Member(const MemberOptions& options, Clock& clock)
      : options_(options),
        spec_(*options.spec),
        clock_(clock),
        profile_(options.profile_steps, options.profile_file, options.device) {}

  Status OpenData(Comm& world);
  Status MakeNetwork(Comm& world);
  Result<std::unique_ptr<BatchFeed>> MakeTrainingFeed(std::vector<std::uint32_t> samples, const LoaderOptions& options);
  Result<std::vector<MicroBatch>> NextBatches();
  Result<Evaluation> EvaluateTestShare(const Comm& group, ClassCounts& counts);
  Status Step(double learning_rate, SteadyTime began);
  struct Stretch {  // of steps of one generation
    int generation = 0;
    double learning_rate = 0;
    bool falls = false;  // linearly to 0
    std::int64_t first = 0;
    std::int64_t end = 0;
  };
  Result<TrainingSummary> Train(const Stretch& stretch, const OnStep& on_step);
  MicroBatch Mixed(const MicroBatch& batch) const;

  const MemberOptions options_;
  const api::JobSpec& spec_;
  Clock& clock_;
  std::unique_ptr<DataSource> source_;
  std::vector<std::uint32_t> fitness_samples_;
  std::unique_ptr<ResidentImages> resident_;  // null: images come from loaders
  std::unique_ptr<BatchFeed> feed_;
  std::int64_t next_batch_ = 0;  // of feed_, counted over all epochs
  std::uint64_t order_seed_ = 0;
  int rank_ = 0;  // in the world
  std::int64_t steps_per_generation_ = 0;
  TrainingTimes times_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<FlatWeights> weights_;
  std::unique_ptr<TrainStep> step_;
  StepProfile profile_;
};

// Steps of a generation when each member has `batches` micro-batches in an epoch. InvalidArgument, naming the fields,
// when it would be none.
Result<std::int64_t> StepsPerGeneration(const api::JobSpec& spec, std::int64_t batches);

}  // namespace eoa::train
