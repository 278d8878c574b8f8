#include "operator/local/restart_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/local/view_fixture.h"

namespace eoa::local {
namespace {

using ::testing::HasSubstr;

TEST(RestartBudget, TheFirstAttemptIsNoRestart) {
  for (const auto& each : ExhaustedRestarts(TestJob().spec, {{1, 0}, {0, 0}})) EXPECT_FALSE(each.has_value());
}

TEST(RestartBudget, APopulationMayRestartAsOftenAsItsPolicySays) {
  api::JobSpec spec = TestJob().spec;
  spec.run_policy.max_population_restarts = 2;
  EXPECT_FALSE(ExhaustedRestarts(spec, {{3, 2}, {1, 0}})[0].has_value());
  const auto exhausted = ExhaustedRestarts(spec, {{4, 0}, {1, 0}});
  ASSERT_TRUE(exhausted[0].has_value());
  EXPECT_THAT(*exhausted[0], HasSubstr("maxPopulationRestarts"));
  EXPECT_FALSE(exhausted[1].has_value());
}

TEST(RestartBudget, AgentsThatDieBeforeTheyJoinCountToo) {
  api::JobSpec spec = TestJob().spec;
  spec.run_policy.max_population_restarts = 2;
  EXPECT_TRUE(ExhaustedRestarts(spec, {{0, 3}, {1, 0}})[0].has_value());
}

TEST(RestartBudget, AllPopulationsTogetherHaveABudgetOfTheirOwn) {
  api::JobSpec spec = TestJob().spec;
  spec.run_policy.backoff_limit = 3;
  EXPECT_FALSE(ExhaustedRestarts(spec, {{3, 0}, {2, 0}})[0].has_value());
  const auto exhausted = ExhaustedRestarts(spec, {{3, 0}, {3, 0}});
  EXPECT_THAT(exhausted[0].value_or(""), HasSubstr("backoffLimit"));
  EXPECT_TRUE(exhausted[1].has_value());
}

TEST(RestartBudget, PopulationsOfOneWorldRestartTogetherAndCountOnce) {
  api::JobSpec spec = TestJob().spec;
  spec.run_policy.backoff_limit = 3;
  spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
  EXPECT_FALSE(ExhaustedRestarts(spec, {{4, 0}, {4, 0}})[0].has_value());
}

TEST(RestartDelay, GrowsUpToTenSeconds) {
  EXPECT_EQ(RestartDelay(1), Duration::zero());
  EXPECT_EQ(RestartDelay(2), std::chrono::milliseconds(500));
  EXPECT_EQ(RestartDelay(3), std::chrono::seconds(1));
  EXPECT_EQ(RestartDelay(100), std::chrono::seconds(10));
}

}  // namespace
}  // namespace eoa::local
