// Steps of a linear classifier, which has no batch norm: then the mean of the members' gradients is the whole batch's
// gradient, and weights may differ by rounding alone. Values are around 1 and a sum has tens of terms, so that 1e-5 is
// a hundred roundings.
#include "trainer/engine/train_step.h"

#include <cmath>
#include <limits>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/remainder.h>
#include <gtest/gtest.h>

#include "tests/fakes/thread_world.h"

namespace eoa::train {
namespace {

// By a generator of its own: members are threads here, which share the default one.
at::Tensor Normal(at::IntArrayRef shape, std::uint64_t seed) {
  at::Generator random = at::detail::createCPUGenerator(seed);
  return at::empty(shape).normal_(0, 1, random);
}

class LinearModel final : public Model {
 public:
  LinearModel() { weight_ = parameters_.AddParameter("weight", Normal({3, 12}, 1)); }
  at::Tensor Forward(const at::Tensor& images, const Pass& /*pass*/) override {
    return at::linear(images.reshape({images.size(0), 12}), weight_);
  }
  at::Tensor weight() const { return weight_.detach(); }

 private:
  at::Tensor weight_;
};

MicroBatch WholeBatch() { return {.images = Normal({8, 3, 2, 2}, 2), .labels = at::arange(8).remainder(3)}; }

MicroBatch Part(const MicroBatch& batch, int part, int parts) {
  const std::int64_t size = batch.labels.numel() / parts;
  return {.images = batch.images.narrow(0, part * size, size), .labels = batch.labels.narrow(0, part * size, size)};
}

using MakeStep = Result<std::unique_ptr<TrainStep>> (*)(const StepParts&);

struct Rig {
  Rig(const api::TrainerSpec& trainer, Comm& comm, MakeStep make)
      : spec(trainer),
        optimizer(spec.optimizer, model.parameters()),
        start(model.parameters().All()),
        made(make({spec, model, optimizer, comm, start}).value()),
        step(*made) {
    step.BeginGeneration();
  }
  api::TrainerSpec spec;
  LinearModel model;
  Optimizer optimizer;
  FlatWeights start;
  std::unique_ptr<TrainStep> made;
  TrainStep& step;
};

at::Tensor WeightAfter(const api::TrainerSpec& spec, Comm& comm, const std::vector<MicroBatch>& batches,
                       MakeStep make) {
  Rig rig(spec, comm, make);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rig.step.Run(batches, 0.1).ok());
  EXPECT_TRUE(rig.step.EndGeneration().ok());
  return rig.model.weight();
}

at::Tensor WholeBatchWeight(const api::TrainerSpec& spec, MakeStep make) {
  return WeightAfter(spec, *MakeSoloComm(), {WholeBatch()}, make);
}

void ExpectMembersEqualTheWholeBatch(const api::TrainerSpec& spec, MakeStep make) {
  const at::Tensor expected = WholeBatchWeight(spec, MakeCheckedStep);
  const MicroBatch whole = WholeBatch();
  ThreadWorld(2).Run([&](Comm& comm) {
    const at::Tensor weight = WeightAfter(spec, comm, {Part(whole, comm.rank(), 2)}, make);
    EXPECT_TRUE(at::allclose(weight, expected, 1e-5, 1e-5));
  });
}

class TrainSteps : public testing::TestWithParam<MakeStep> {};

std::string StepName(const testing::TestParamInfo<MakeStep>& each) {
  return each.param == MakeCheckedStep ? "checked" : "queued";
}

INSTANTIATE_TEST_SUITE_P(Each, TrainSteps, testing::Values(MakeCheckedStep, MakeQueuedStep), StepName);

TEST_P(TrainSteps, MembersWithEqualRatesStepAsOneMemberWithTheWholeBatch) {
  ExpectMembersEqualTheWholeBatch({}, GetParam());
}

TEST_P(TrainSteps, ClipsTheAveragedGradientNotTheMembersOwn) {
  api::TrainerSpec spec;
  spec.optimizer.clip_gradient_norm = 0.01;
  ExpectMembersEqualTheWholeBatch(spec, GetParam());
}

TEST_P(TrainSteps, SamWithBothPassesAveragedIsSamOnTheWholeBatch) {
  api::TrainerSpec spec;
  spec.optimizer.name = api::Optimizer::kSam;
  spec.optimizer.rho = 0.5;
  spec.optimizer.gradient_sync = api::GradientSync::kBothPasses;
  ExpectMembersEqualTheWholeBatch(spec, GetParam());
}

TEST_P(TrainSteps, SamWithTheSecondPassAveragedAscendsByEachMembersOwnGradient) {
  api::TrainerSpec spec;
  spec.optimizer.name = api::Optimizer::kSam;
  spec.optimizer.rho = 0.5;
  spec.optimizer.gradient_sync = api::GradientSync::kSecondPass;
  const at::Tensor whole_batch = WholeBatchWeight(spec, GetParam());
  const MicroBatch whole = WholeBatch();
  ThreadWorld(2).Run([&](Comm& comm) {
    const at::Tensor weight = WeightAfter(spec, comm, {Part(whole, comm.rank(), 2)}, GetParam());
    EXPECT_FALSE(at::allclose(weight, whole_batch, 1e-3, 1e-3));
  });
}

TEST_P(TrainSteps, AccumulatedMicroBatchesStepAsOneBatch) {
  for (const api::Optimizer name : {api::Optimizer::kSgd, api::Optimizer::kSam}) {
    api::TrainerSpec spec;
    spec.optimizer.name = name;
    const MicroBatch whole = WholeBatch();
    const at::Tensor weight = WeightAfter(spec, *MakeSoloComm(), {Part(whole, 0, 2), Part(whole, 1, 2)}, GetParam());
    EXPECT_TRUE(at::allclose(weight, WholeBatchWeight(spec, MakeCheckedStep), 1e-5, 1e-5));
  }
}

// Cross entropy is linear in the target: a mixed label is worth both losses in these shares.
TEST_P(TrainSteps, MixedImagesStepByBothLabels) {
  constexpr double kShare = 0.3;
  MicroBatch mixed = WholeBatch();
  const at::Tensor weight_of_first = WeightAfter({}, *MakeSoloComm(), {mixed}, MakeCheckedStep);
  mixed.share = at::full({}, 1.0, at::kFloat);
  EXPECT_TRUE(at::allclose(WeightAfter({}, *MakeSoloComm(), {mixed}, GetParam()), weight_of_first, 1e-6, 1e-6));
  mixed.share = at::full({}, kShare, at::kFloat);
  // As many images of each label as its share says.
  MicroBatch repeated;
  std::vector<at::Tensor> images(10, mixed.images);
  std::vector<at::Tensor> labels(3, mixed.labels);
  labels.insert(labels.end(), 7, mixed.labels.flip(0));
  repeated = {.images = at::cat(images), .labels = at::cat(labels)};
  EXPECT_TRUE(at::allclose(WeightAfter({}, *MakeSoloComm(), {mixed}, GetParam()),
                           WeightAfter({}, *MakeSoloComm(), {repeated}, MakeCheckedStep), 1e-5, 1e-5));
}

TEST_P(TrainSteps, AMemberWhoseLossIsNotFiniteGoesBackAndItsPeersGetFiniteGradients) {
  const MicroBatch whole = WholeBatch();
  ThreadWorld(2).Run([&](Comm& comm) {
    Rig rig({}, comm, GetParam());
    const bool diverges = comm.rank() == 1;
    ASSERT_TRUE(rig.step.Run({Part(whole, comm.rank(), 2)}, diverges ? 1e39 : 0.1).ok());
    ASSERT_TRUE(rig.step.Run({Part(whole, comm.rank(), 2)}, 0.1).ok());
    EXPECT_TRUE(rig.step.EndGeneration().ok());
    EXPECT_EQ(rig.step.diverged(), diverges);
    EXPECT_TRUE(std::isfinite(rig.step.mean_loss()));
    EXPECT_EQ(at::equal(rig.model.weight(), LinearModel().weight()), diverges);
    EXPECT_TRUE(std::isfinite(rig.model.weight().sum().item<double>()));
  });
}

TEST_P(TrainSteps, WeightsThatTurnOutNotFiniteAfterTheLastStepCountAsDiverged) {
  const std::unique_ptr<Comm> solo = MakeSoloComm();
  Rig rig({}, *solo, GetParam());
  ASSERT_TRUE(rig.step.Run({WholeBatch()}, 1e39).ok());
  EXPECT_FALSE(rig.step.diverged());
  EXPECT_TRUE(rig.step.EndGeneration().ok());
  EXPECT_TRUE(rig.step.diverged());
  EXPECT_TRUE(at::equal(rig.model.weight(), LinearModel().weight()));
}

TEST_P(TrainSteps, ImagesThatAreNotFiniteAreAnErrorSinceGoingBackDoesNotHelp) {
  const std::unique_ptr<Comm> solo = MakeSoloComm();
  Rig rig({}, *solo, GetParam());
  MicroBatch batch = WholeBatch();
  batch.images.fill_(std::numeric_limits<float>::quiet_NaN());
  Status status = OkStatus();
  for (int i = 0; i < 20 && status.ok(); ++i) status = rig.step.Run({batch}, 0.1);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kOutOfRange);
}

}  // namespace
}  // namespace eoa::train
