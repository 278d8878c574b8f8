#include "operator/plan/failure_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/plan/job_fixture.h"

namespace eoa::plan {
namespace {

using ::testing::HasSubstr;

TEST(RestartBudget, TheFirstAttemptIsNoRestart) {
  for (const auto& each : ExhaustedRestarts(SmallJob().spec, {0, 0})) EXPECT_FALSE(each.has_value());
}

TEST(RestartBudget, APopulationMayRestartAsOftenAsItsPolicySays) {
  api::JobSpec spec = SmallJob().spec;
  spec.run_policy.max_population_restarts = 2;
  EXPECT_FALSE(ExhaustedRestarts(spec, {2, 0})[0].has_value());
  const auto exhausted = ExhaustedRestarts(spec, {3, 0});
  ASSERT_TRUE(exhausted[0].has_value());
  EXPECT_THAT(*exhausted[0], HasSubstr("maxPopulationRestarts"));
  EXPECT_FALSE(exhausted[1].has_value());
}

TEST(RestartBudget, AllPopulationsTogetherHaveABudgetOfTheirOwn) {
  api::JobSpec spec = SmallJob().spec;
  spec.run_policy.backoff_limit = 3;
  EXPECT_FALSE(ExhaustedRestarts(spec, {2, 1})[0].has_value());
  const auto exhausted = ExhaustedRestarts(spec, {2, 2});
  EXPECT_THAT(exhausted[0].value_or(""), HasSubstr("backoffLimit"));
  EXPECT_TRUE(exhausted[1].has_value());
}

TEST(RestartBudget, PopulationsOfOneWorldRestartTogetherAndCountOnce) {
  api::JobSpec spec = SmallJob().spec;
  spec.run_policy.backoff_limit = 3;
  spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
  EXPECT_FALSE(ExhaustedRestarts(spec, {3, 3})[0].has_value());
}

}  // namespace
}  // namespace eoa::plan
