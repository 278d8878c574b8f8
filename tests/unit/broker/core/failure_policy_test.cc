#include "broker/core/failure_policy.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/broker/core/broker_fixture.h"

namespace eoa::broker {
namespace {

using ::testing::HasSubstr;

TEST(RestartBudget, TheFirstAttemptIsNoRestart) {
  for (const auto& each : ExhaustedRestarts(TwoPopulations(), {0, 0})) EXPECT_FALSE(each.has_value());
}

TEST(RestartBudget, APopulationMayRestartAsOftenAsItsPolicySays) {
  api::JobSpec spec = TwoPopulations();
  spec.run_policy.max_population_restarts = 2;
  EXPECT_FALSE(ExhaustedRestarts(spec, {2, 0})[0].has_value());
  const auto exhausted = ExhaustedRestarts(spec, {3, 0});
  ASSERT_TRUE(exhausted[0].has_value());
  EXPECT_THAT(*exhausted[0], HasSubstr("maxPopulationRestarts"));
  EXPECT_FALSE(exhausted[1].has_value());
}

TEST(RestartBudget, AllPopulationsTogetherHaveABudgetOfTheirOwn) {
  api::JobSpec spec = TwoPopulations();
  spec.run_policy.backoff_limit = 3;
  EXPECT_FALSE(ExhaustedRestarts(spec, {2, 1})[0].has_value());
  const auto exhausted = ExhaustedRestarts(spec, {2, 2});
  EXPECT_THAT(exhausted[0].value_or(""), HasSubstr("backoffLimit"));
  EXPECT_TRUE(exhausted[1].has_value());
}

TEST(RestartBudget, PopulationsOfOneWorldRestartTogetherAndCountOnce) {
  api::JobSpec spec = TwoPopulations();
  spec.run_policy.backoff_limit = 3;
  spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
  EXPECT_FALSE(ExhaustedRestarts(spec, {3, 3})[0].has_value());
}

TEST(RestartBudget, NumbersThatPodsMadeUpAreAddedWithoutOverflow) {
  const int most = std::numeric_limits<int>::max();
  EXPECT_EQ(RestartsTogether(TwoPopulations(), {most, most}), most);
}

EcosphereView Ended(BrokerPhase wolves, BrokerPhase whales) {
  EcosphereView view;
  for (const auto& [name, phase] : {std::pair("wolves", wolves), std::pair("whales", whales)}) {
    PopulationView population;
    population.name = name;
    population.phase = phase;
    population.last_error = "what went wrong";
    view.populations.push_back(population);
  }
  return view;
}

TEST(SuccessPolicy, AllPopulationsMustSucceedUnlessItSaysOtherwise) {
  const api::JobSpec spec = TwoPopulations();
  EXPECT_EQ(JudgeJob(spec, Ended(BrokerPhase::kRunning, BrokerPhase::kSucceeded)).outcome, Outcome::kRunning);
  EXPECT_EQ(JudgeJob(spec, Ended(BrokerPhase::kSucceeded, BrokerPhase::kSucceeded)).outcome, Outcome::kSucceeded);
  const JobVerdict failed = JudgeJob(spec, Ended(BrokerPhase::kFailed, BrokerPhase::kRunning));
  EXPECT_EQ(failed.outcome, Outcome::kFailed);
  EXPECT_EQ(failed.reason, "wolves: what went wrong");
}

TEST(SuccessPolicy, AnyAndBestKTolerateFailures) {
  api::JobSpec spec = TwoPopulations();
  spec.run_policy.success_policy = {api::SuccessType::kAny, 0};
  EXPECT_EQ(JudgeJob(spec, Ended(BrokerPhase::kFailed, BrokerPhase::kRunning)).outcome, Outcome::kRunning);
  EXPECT_EQ(JudgeJob(spec, Ended(BrokerPhase::kFailed, BrokerPhase::kSucceeded)).outcome, Outcome::kSucceeded);
  EXPECT_EQ(JudgeJob(spec, Ended(BrokerPhase::kFailed, BrokerPhase::kFailed)).outcome, Outcome::kFailed);
  spec.run_policy.success_policy = {api::SuccessType::kBestK, 2};
  EXPECT_EQ(JudgeJob(spec, Ended(BrokerPhase::kFailed, BrokerPhase::kSucceeded)).outcome, Outcome::kFailed);
}

}  // namespace
}  // namespace eoa::broker
