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

TEST(Elect, AmongEquallyFitMembersTheGreaterLearningRateWins) {
  const Reports reports = {{"wolves", Report({{0, 0.1, 0.5, 0}, {1, 0.2, 0.5, 0}, {2, 0.15, 0.5, 0}})}};
  EXPECT_EQ(Elect(reports)->member, 1);
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

  double After(api::BaselineRule rule, double elected, int generation) {
    spec_.ecosphere.baseline = rule;
    return *Baseline(spec_, elected, generation);
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

TEST_F(BaselineTest, CosineStepsTogetherAnnealTheLearningRateLikeACosine) {
  double rate = 0.8;
  for (int generation = 0; generation < 9; ++generation) {
    rate = After(api::BaselineRule::kCosineStep, rate, generation);
    EXPECT_NEAR(rate, 0.8 * CosineFactor(generation + 1, 10), 1e-14);
  }
  EXPECT_EQ(After(api::BaselineRule::kCosineStep, rate, 9), 0);
}

TEST_F(BaselineTest, WhatTheJobDoesNotHaveIsRefused) {
  EXPECT_FALSE(Baseline(spec_, kNan, 0).ok());
  EXPECT_FALSE(Baseline(spec_, kInfinity, 0).ok());
  EXPECT_FALSE(Baseline(spec_, -0.1, 0).ok());
  EXPECT_FALSE(Baseline(spec_, 0.1, -1).ok());
  EXPECT_FALSE(Baseline(spec_, 0.1, 10).ok());
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
