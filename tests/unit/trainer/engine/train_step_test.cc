// Steps of a linear classifier, which has no batch norm: then the mean of the members' gradients is the whole batch's
// gradient, and weights may differ by rounding alone. Values are around 1 and a sum has tens of terms, so that 1e-5 is
// a hundred roundings.
#include "trainer/engine/train_step.h"

#include <cmath>
#include <limits>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
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

struct Rig {
  Rig(const api::TrainerSpec& trainer, Comm& comm)
      : spec(trainer),
        optimizer(spec.optimizer, model.parameters()),
        reducer(comm.MakeReducer(model.parameters().Trainable()).value()),
        start(model.parameters().All()),
        step(spec, model, optimizer, *reducer, start) {
    step.BeginGeneration();
  }
  api::TrainerSpec spec;
  LinearModel model;
  Optimizer optimizer;
  std::unique_ptr<GradientReducer> reducer;
  FlatWeights start;
  TrainStep step;
};

at::Tensor WeightAfter(const api::TrainerSpec& spec, Comm& comm, const std::vector<MicroBatch>& batches) {
  Rig rig(spec, comm);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rig.step.Run(batches, 0.1).ok());
  return rig.model.weight();
}

at::Tensor WholeBatchWeight(const api::TrainerSpec& spec) { return WeightAfter(spec, *MakeSoloComm(), {WholeBatch()}); }

void ExpectMembersEqualTheWholeBatch(const api::TrainerSpec& spec) {
  const at::Tensor expected = WholeBatchWeight(spec);
  const MicroBatch whole = WholeBatch();
  ThreadWorld(2).Run([&](Comm& comm) {
    const at::Tensor weight = WeightAfter(spec, comm, {Part(whole, comm.rank(), 2)});
    EXPECT_TRUE(at::allclose(weight, expected, 1e-5, 1e-5));
  });
}

TEST(TrainStep, MembersWithEqualRatesStepAsOneMemberWithTheWholeBatch) { ExpectMembersEqualTheWholeBatch({}); }

TEST(TrainStep, ClipsTheAveragedGradientNotTheMembersOwn) {
  api::TrainerSpec spec;
  spec.optimizer.clip_gradient_norm = 0.01;
  ExpectMembersEqualTheWholeBatch(spec);
}

TEST(TrainStep, SamWithBothPassesAveragedIsSamOnTheWholeBatch) {
  api::TrainerSpec spec;
  spec.optimizer.name = api::Optimizer::kSam;
  spec.optimizer.rho = 0.5;
  spec.optimizer.gradient_sync = api::GradientSync::kBothPasses;
  ExpectMembersEqualTheWholeBatch(spec);
}

TEST(TrainStep, SamWithTheSecondPassAveragedAscendsByEachMembersOwnGradient) {
  api::TrainerSpec spec;
  spec.optimizer.name = api::Optimizer::kSam;
  spec.optimizer.rho = 0.5;
  spec.optimizer.gradient_sync = api::GradientSync::kSecondPass;
  const at::Tensor whole_batch = WholeBatchWeight(spec);
  const MicroBatch whole = WholeBatch();
  ThreadWorld(2).Run([&](Comm& comm) {
    const at::Tensor weight = WeightAfter(spec, comm, {Part(whole, comm.rank(), 2)});
    EXPECT_FALSE(at::allclose(weight, whole_batch, 1e-3, 1e-3));
  });
}

TEST(TrainStep, AccumulatedMicroBatchesStepAsOneBatch) {
  for (const api::Optimizer name : {api::Optimizer::kSgd, api::Optimizer::kSam}) {
    api::TrainerSpec spec;
    spec.optimizer.name = name;
    const MicroBatch whole = WholeBatch();
    const at::Tensor weight = WeightAfter(spec, *MakeSoloComm(), {Part(whole, 0, 2), Part(whole, 1, 2)});
    EXPECT_TRUE(at::allclose(weight, WholeBatchWeight(spec), 1e-5, 1e-5));
  }
}

TEST(TrainStep, AMemberWhoseLossIsNotFiniteGoesBackAndItsPeersGetFiniteGradients) {
  const MicroBatch whole = WholeBatch();
  ThreadWorld(2).Run([&](Comm& comm) {
    Rig rig({}, comm);
    const bool diverges = comm.rank() == 1;
    ASSERT_TRUE(rig.step.Run({Part(whole, comm.rank(), 2)}, diverges ? 1e39 : 0.1).ok());
    const Result<double> loss = rig.step.Run({Part(whole, comm.rank(), 2)}, 0.1);
    ASSERT_TRUE(loss.ok());
    EXPECT_TRUE(std::isfinite(*loss));
    EXPECT_EQ(rig.step.diverged(), diverges);
    EXPECT_TRUE(rig.step.EndGeneration().ok());
    EXPECT_EQ(at::equal(rig.model.weight(), LinearModel().weight()), diverges);
    EXPECT_TRUE(std::isfinite(rig.model.weight().sum().item<double>()));
  });
}

TEST(TrainStep, WeightsThatTurnOutNotFiniteAfterTheLastStepCountAsDiverged) {
  const std::unique_ptr<Comm> solo = MakeSoloComm();
  Rig rig({}, *solo);
  ASSERT_TRUE(rig.step.Run({WholeBatch()}, 1e39).ok());
  EXPECT_FALSE(rig.step.diverged());
  EXPECT_TRUE(rig.step.EndGeneration().ok());
  EXPECT_TRUE(rig.step.diverged());
  EXPECT_TRUE(at::equal(rig.model.weight(), LinearModel().weight()));
}

TEST(TrainStep, ImagesThatAreNotFiniteAreAnErrorSinceGoingBackDoesNotHelp) {
  const std::unique_ptr<Comm> solo = MakeSoloComm();
  Rig rig({}, *solo);
  MicroBatch batch = WholeBatch();
  batch.images.fill_(std::numeric_limits<float>::quiet_NaN());
  const Result<double> loss = rig.step.Run({batch}, 0.1);
  ASSERT_FALSE(loss.ok());
  EXPECT_EQ(loss.error().code(), ErrorCode::kOutOfRange);
}

}  // namespace
}  // namespace eoa::train
