// The engine's pure decisions: how many steps, what is checkpointed by whom, how a failure ends the process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/engine/member.h"
#include "trainer/engine/member_checkpoint.h"
#include "trainer/engine/worker.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

TEST(StepsPerGeneration, CountsWholeStepsOverAllEpochs) {
  api::JobSpec spec;
  spec.ecosphere.generation_epochs = 3;
  spec.trainer.gradient_accumulation = 4;
  EXPECT_EQ(StepsPerGeneration(spec, 10).value(), 7);  // 30 micro-batches
}

TEST(StepsPerGeneration, IsWhatTheJobSaysInSteps) {
  api::JobSpec spec;
  spec.ecosphere.generation_epochs = 0;
  spec.ecosphere.generation_steps = 500;
  EXPECT_EQ(StepsPerGeneration(spec, 10).value(), 500);
}

TEST(StepsPerGeneration, RefusesAGenerationWithoutAStepAndSaysWhatToChange) {
  api::JobSpec spec;
  spec.trainer.gradient_accumulation = 16;
  const Result<std::int64_t> steps = StepsPerGeneration(spec, 10);
  ASSERT_FALSE(steps.ok());
  EXPECT_EQ(steps.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(steps.error().message(), HasSubstr("gradientAccumulation 16"));
}

api::JobSpec Pods(int members, int members_per_pod) {
  api::JobSpec spec;
  spec.populations.resize(1);
  spec.populations[0].name = "wolves";
  spec.populations[0].members = members;
  spec.populations[0].members_per_pod = members_per_pod;
  return spec;
}

TEST(CheckpointPlan, ThePodsFirstWorkerWritesTheMergedWeightsForAll) {
  const api::JobSpec spec = Pods(4, 2);
  EXPECT_TRUE(CheckpointPlan::For(spec, "wolves", 2).writes_weights);
  EXPECT_TRUE(CheckpointPlan::For(spec, "wolves", 2).prunes);
  EXPECT_FALSE(CheckpointPlan::For(spec, "wolves", 3).writes_weights);
  EXPECT_FALSE(CheckpointPlan::For(spec, "wolves", 3).prunes);
  EXPECT_EQ(CheckpointPlan::For(spec, "wolves", 3).weights_part, "weights");
}

TEST(CheckpointPlan, WithoutAMergeEachMemberWritesItsOwnWeights) {
  api::JobSpec spec = Pods(4, 2);
  spec.ecosphere.weight_merge = api::WeightMerge::kNone;
  EXPECT_TRUE(CheckpointPlan::For(spec, "wolves", 3).writes_weights);
  EXPECT_EQ(CheckpointPlan::For(spec, "wolves", 3).weights_part, "weights-3");
}

TEST(CheckpointPlan, MomentumThatIsResetAnywayIsNotSaved) {
  api::JobSpec spec = Pods(1, 1);
  EXPECT_TRUE(CheckpointPlan::For(spec, "wolves", 0).optimizer_state);
  spec.trainer.optimizer.reset_each_generation = true;
  EXPECT_FALSE(CheckpointPlan::For(spec, "wolves", 0).optimizer_state);
}

TEST(CheckpointPlan, IsDueEveryFewGenerationsAndAlwaysAtTheEnd) {
  CheckpointPlan plan;
  plan.every_generations = 3;
  EXPECT_FALSE(plan.Due(2, 8));
  EXPECT_TRUE(plan.Due(3, 8));
  EXPECT_TRUE(plan.Due(8, 8));
}

TEST(ExitCodeFor, TellsWhatMayBeRetriedFromWhatMayNot) {
  EXPECT_EQ(ExitCodeFor(ErrorCode::kInvalidArgument), ExitCode::kBadConfiguration);
  EXPECT_EQ(ExitCodeFor(ErrorCode::kDataLoss), ExitCode::kBadData);
  EXPECT_EQ(ExitCodeFor(ErrorCode::kOutOfRange), ExitCode::kNotFinite);
  EXPECT_EQ(ExitCodeFor(ErrorCode::kUnavailable), ExitCode::kPeerLost);
  EXPECT_EQ(ExitCodeFor(ErrorCode::kResourceExhausted), ExitCode::kOutOfMemory);
  EXPECT_EQ(ExitCodeFor(ErrorCode::kInternal), ExitCode::kInternal);
}

}  // namespace
}  // namespace eoa::train
