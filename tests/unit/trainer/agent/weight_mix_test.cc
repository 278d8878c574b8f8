#include "trainer/agent/weight_mix.h"

#include <gtest/gtest.h>

#include "tests/unit/trainer/agent/agent_fixture.h"

namespace eoa::agent {
namespace {

TEST(WeightMix, AveragesOverPopulationsByTheirMembers) {
  const MixPlan plan = PlanMix(TestJob().spec, 0, DecisionOf(1));
  ASSERT_EQ(plan.foreign.size(), 1U);
  EXPECT_FALSE(plan.merge.has_value());
  const Mix mix = MixFetched(plan, {{"whales", "/pod/foreign/whales"}});
  EXPECT_DOUBLE_EQ(mix.own_weight, 4.0 / 7);
  ASSERT_EQ(mix.foreign.size(), 1U);
  EXPECT_EQ(mix.foreign[0].file, "/pod/foreign/whales");
  EXPECT_DOUBLE_EQ(mix.foreign[0].weight, 3.0 / 7);
}

TEST(WeightMix, LeavesOutWhatCouldNotBeFetched) {
  const Mix mix = MixFetched(PlanMix(TestJob().spec, 0, DecisionOf(1)), {});
  EXPECT_EQ(mix.own_weight, 1);
  EXPECT_TRUE(mix.foreign.empty());
}

TEST(WeightMix, BestTakesTheElectedPopulationsWeightsAlone) {
  api::JobSpec spec = TestJob().spec;
  spec.ecosphere.weight_merge = api::WeightMerge::kBest;
  const MixPlan whales = PlanMix(spec, 1, DecisionOf(1));
  ASSERT_TRUE(whales.merge.has_value());
  EXPECT_EQ(whales.merge->population, "wolves");
  EXPECT_EQ(whales.merge->member, 3);
  const Mix mix = MixFetched(whales, {{"wolves", "file"}});
  EXPECT_EQ(mix.own_weight, 0);
  ASSERT_EQ(mix.foreign.size(), 1U);
  EXPECT_EQ(mix.foreign[0].weight, 1);

  const MixPlan wolves = PlanMix(spec, 0, DecisionOf(1));
  EXPECT_TRUE(wolves.foreign.empty());
  EXPECT_EQ(MixFetched(wolves, {}).own_weight, 1);
}

TEST(WeightMix, BestKeepsTheOwnWeightsWhenTheElectedCannotBeReached) {
  api::JobSpec spec = TestJob().spec;
  spec.ecosphere.weight_merge = api::WeightMerge::kBest;
  const Mix mix = MixFetched(PlanMix(spec, 1, DecisionOf(1)), {});
  EXPECT_EQ(mix.own_weight, 1);
  EXPECT_TRUE(mix.foreign.empty());
}

TEST(WeightMix, BestWithoutImprovementIsTheAverage) {
  api::JobSpec spec = TestJob().spec;
  spec.ecosphere.weight_merge = api::WeightMerge::kBest;
  api::Decision decision = DecisionOf(1);
  decision.improved = false;
  const MixPlan plan = PlanMix(spec, 1, decision);
  ASSERT_TRUE(plan.merge.has_value());
  EXPECT_EQ(plan.merge->population, "");
  EXPECT_DOUBLE_EQ(MixFetched(plan, {{"wolves", "file"}}).own_weight, 3.0 / 7);
}

TEST(WeightMix, TheWeightsOfAProbeAreMixedWithNobodys) {
  api::JobSpec spec = TestJob().spec;
  spec.ecosphere.probe_generations = 1;
  spec.ecosphere.weight_merge = api::WeightMerge::kBest;
  const MixPlan plan = PlanMix(spec, 0, DecisionOf(0));
  EXPECT_FALSE(plan.merge);
  EXPECT_TRUE(plan.foreign.empty());
  EXPECT_EQ(MixFetched(plan, {}).own_weight, 1);
  EXPECT_TRUE(PlanMix(spec, 0, DecisionOf(1)).merge) << "the first generation that trains";
}

TEST(WeightMix, NothingIsFetchedWithoutMergeOrWithinOneWorld) {
  api::JobSpec spec = TestJob().spec;
  spec.ecosphere.weight_merge = api::WeightMerge::kNone;
  EXPECT_TRUE(PlanMix(spec, 0, DecisionOf(1)).foreign.empty());
  spec = TestJob().spec;
  spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
  EXPECT_TRUE(PlanMix(spec, 0, DecisionOf(1)).foreign.empty());
}

TEST(WeightMix, APopulationThatWasLateMixesItsOwnWeightsInAllTheSame) {
  api::Decision decision = DecisionOf(1);
  decision.weights.erase(decision.weights.begin());
  EXPECT_DOUBLE_EQ(MixFetched(PlanMix(TestJob().spec, 0, decision), {{"whales", "file"}}).own_weight, 4.0 / 7);
}

}  // namespace
}  // namespace eoa::agent
