#include "common/evolve/election.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/common/evolve/ecosphere.h"

namespace eoa::evolve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

api::ReportRequest Report(std::vector<api::MemberReport> members) { return {1, 3, std::move(members), 0}; }

TEST(Elect, TheFittestMemberOfTheWholeEcosphereWins) {
  const Reports reports = {{"wolves", Report({{0, 0.1, 0.5, 0}, {1, 0.2, 0.7, 0}})},
                           {"whales", Report({{0, 0.3, 0.6, 0}, {1, 0.4, 0.9, 0}})}};
  const Result<api::Elected> elected = Elect(reports);
  ASSERT_TRUE(elected.ok());
  EXPECT_EQ(elected->population, "whales");
  EXPECT_EQ(elected->member, 1);
  EXPECT_EQ(elected->learning_rate, 0.4);
  EXPECT_EQ(elected->fitness, 0.9);
  EXPECT_EQ(elected->generation, 3);
}

TEST(Elect, AmongEquallyFitMembersTheOneWithTheLeastValidationLossWins) {
  const Reports reports = {{"wolves", Report({{0, 0.1, 0.5, 0, 1.4}, {1, 0.2, 0.5, 0, 1.2}, {2, 0.1, 0.5, 0, {}}})}};
  EXPECT_EQ(Elect(reports)->member, 1);
}

TEST(Elect, MembersThatAllGuessDoNotRaiseTheLearningRate) {
  const Reports reports = {{"wolves", Report({{0, 4, 0.1, 0}, {1, 8, 0.1, 0}, {2, 2, 0.1, 0}})}};
  EXPECT_EQ(Elect(reports)->member, 2);
}

TEST(ElectTrial, TheLeastLossWinsAndATrialThatBrokeNever) {
  const Reports reports = {{"wolves", Report({{0, 0.1, 0.12, 0, 2.28}, {1, 1, 0.16, 0, 2.3}})},
                           {"whales", Report({{0, 0.3, 0.11, 0, 2.2}, {1, 3, 0.9, 0, {}}})}};
  const Result<api::Elected> elected = ElectTrial(reports);
  ASSERT_TRUE(elected.ok());
  EXPECT_EQ(elected->population, "whales");
  EXPECT_EQ(elected->learning_rate, 0.3);
}

TEST(Elect, AmongEqualsTheFirstPopulationAndItsSmallestMemberNumberWin) {
  const Reports reports = {{"wolves", Report({{2, 0.1, 0.5, 0}, {1, 0.1, 0.5, 0}})},
                           {"whales", Report({{0, 0.1, 0.5, 0}})}};
  EXPECT_EQ(Elect(reports)->population, "wolves");
  EXPECT_EQ(Elect(reports)->member, 1);
}

TEST(Elect, NumbersThatAreNotUsableAreRefusedByName) {
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    const Result<api::Elected> elected = Elect({{"wolves", Report({{0, 0.1, 0.9, 0}, {1, 0.1, bad, 0}})}});
    ASSERT_FALSE(elected.ok());
    EXPECT_EQ(elected.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(elected.error().message(), AllOf(HasSubstr("'wolves'"), HasSubstr("member 1"), HasSubstr("fitness")));
  }
  for (const double bad : {kNan, kInfinity, -0.1}) {
    const Result<api::Elected> elected = Elect({{"whales", Report({{0, bad, 0.9, 0}})}});
    ASSERT_FALSE(elected.ok());
    EXPECT_THAT(elected.error().message(), AllOf(HasSubstr("'whales'"), HasSubstr("learning rate")));
  }
}

TEST(Elect, NobodyToElectIsAnError) {
  EXPECT_FALSE(Elect({}).ok());
  EXPECT_FALSE(Elect({{"wolves", Report({})}}).ok());
}

class BaselineTest : public ::testing::Test {
 protected:
  BaselineTest() : spec_(MakeJob({MakePopulation("wolves", api::Algorithm::kGreyWolf, 8)})) {
    spec_.ecosphere.generations = 10;
  }

  static api::Elected With(double rate, int generation) { return {"wolves", 0, rate, 0.5, generation}; }

  double After(api::BaselineRule rule, double elected, int generation) {
    spec_.ecosphere.baseline = rule;
    return *Baseline(spec_, With(elected, generation), generation);
  }

  api::JobSpec spec_;  // eta_ref = 0.1 * 8 = 0.8
};

TEST_F(BaselineTest, ElectedIsTheElectedLearningRate) {
  EXPECT_EQ(After(api::BaselineRule::kElected, 0.123, 4), 0.123);
}

TEST_F(BaselineTest, CosineBlendMeetsTheAnnealedReferenceHalfWay) {
  EXPECT_DOUBLE_EQ(After(api::BaselineRule::kCosineBlend, 0.2, 0), (0.2 + 0.8) / 2);
  EXPECT_DOUBLE_EQ(After(api::BaselineRule::kCosineBlend, 0.2, 5), (0.2 + 0.4) / 2);
}

// CosineMultiplier: when the elected rates lie on the cosine, it leaves them there.
TEST_F(BaselineTest, AnnealedRulesTogetherLowerTheLearningRateLikeACosine) {
  for (const auto rule : {api::BaselineRule::kCosineStep, api::BaselineRule::kCosineMultiplier}) {
    double rate = 0.8;
    for (int generation = 0; generation < 9; ++generation) {
      rate = After(rule, rate, generation);
      EXPECT_NEAR(rate, 0.8 * CosineFactor(generation + 1, 10), 1e-14);
    }
    EXPECT_EQ(After(rule, rate, 9), 0);
  }
}

TEST_F(BaselineTest, CosineMultipliersMeetHalfWay) {
  EXPECT_DOUBLE_EQ(After(api::BaselineRule::kCosineMultiplier, 0.2, 0), CosineFactor(1, 10) * (0.2 + 0.8) / 2);
}

// With Async a report of another generation may be elected: its annealing is undone first.
TEST_F(BaselineTest, AnOlderElectedRateIsAnnealedAsIfItWereOfThisGeneration) {
  for (const auto rule : {api::BaselineRule::kCosineStep, api::BaselineRule::kCosineMultiplier}) {
    spec_.ecosphere.baseline = rule;
    const double old = 0.7 * CosineFactor(3, 10);
    const double now = 0.7 * CosineFactor(6, 10);
    EXPECT_NEAR(*Baseline(spec_, With(old, 3), 6), *Baseline(spec_, With(now, 6), 6), 1e-14);
  }
}

TEST_F(BaselineTest, AfterAProbeGenerationsAreCountedFromItsEndAndTheFoundRateIsTheReference) {
  spec_.ecosphere.generations = 12;
  spec_.ecosphere.probe_generations = 2;
  spec_.ecosphere.baseline = api::BaselineRule::kCosineMultiplier;
  EXPECT_EQ(*Baseline(spec_, With(0.3, 1), 1), 0.3) << "a probe generation";
  EXPECT_DOUBLE_EQ(*Baseline(spec_, With(0.2, 2), 2, 0.05), CosineFactor(1, 10) * (0.2 + 0.05 * 8) / 2);
}

TEST_F(BaselineTest, WhatTheJobDoesNotHaveIsRefused) {
  EXPECT_FALSE(Baseline(spec_, With(kNan, 0), 0).ok());
  EXPECT_FALSE(Baseline(spec_, With(kInfinity, 0), 0).ok());
  EXPECT_FALSE(Baseline(spec_, With(-0.1, 0), 0).ok());
  EXPECT_FALSE(Baseline(spec_, With(0.1, 0), -1).ok());
  EXPECT_FALSE(Baseline(spec_, With(0.1, 0), 10).ok());
  EXPECT_FALSE(Baseline(spec_, With(0.1, 10), 9).ok());
}

TEST(ReferenceRate, CountsMembersOrTheImagesOfAStepAsTheJobSays) {
  api::JobSpec spec = MakeJob(
      {MakePopulation("wolves", api::Algorithm::kGreyWolf, 5), MakePopulation("whales", api::Algorithm::kWhale, 3)});
  EXPECT_DOUBLE_EQ(ReferenceRate(spec), 0.1 * 8);
  spec.ecosphere.scaling_unit = api::ScalingUnit::kBatch256;
  spec.trainer.batch_size_per_member = 64;
  spec.trainer.gradient_accumulation = 2;
  EXPECT_DOUBLE_EQ(ReferenceRate(spec), 0.1 * (8 * 64 * 2) / 256);
}

TEST(CosineFactor, FallsFromExactlyOneToExactlyZero) {
  for (const int generations : {1, 2, 7, 90, 200, 1000}) {
    EXPECT_EQ(CosineFactor(0, generations), 1);
    EXPECT_EQ(CosineFactor(generations, generations), 0);
    for (int t = 0; t < generations; ++t) EXPECT_GT(CosineFactor(t, generations), CosineFactor(t + 1, generations));
  }
}

}  // namespace
}  // namespace eoa::evolve
