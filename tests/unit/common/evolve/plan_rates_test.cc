#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "common/evolve/rates.h"
#include "tests/unit/common/evolve/ecosphere.h"

namespace eoa::evolve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class PlanNextRatesTest : public ::testing::TestWithParam<api::Algorithm> {
 protected:
  PlanNextRatesTest() : spec_(MakeJob({MakePopulation("pack", GetParam(), 5)})) { decision_.baseline = 0.3; }

  Result<RatesPlan> Plan(int generation = 4) const { return PlanNextRates(spec_, 0, members_, decision_, generation); }

  api::JobSpec spec_;
  std::vector<api::MemberReport> members_ = {
      {0, 0.31, 0.52, 0}, {1, 0.44, 0.61, 0, 1.1}, {2, 0.22, 0.61, 0, 1.2}, {3, 0.05, 0.48, 0}, {4, 0.9, 0.1, 0}};
  api::Decision decision_;
};

INSTANTIATE_TEST_SUITE_P(Evolving, PlanNextRatesTest,
                         ::testing::Values(api::Algorithm::kGreyWolf, api::Algorithm::kWhale),
                         [](const auto& parameter) {
                           return parameter.param == api::Algorithm::kGreyWolf ? "GreyWolf" : "Whale";
                         });

TEST_P(PlanNextRatesTest, TheSameReportsGiveTheSameRatesInWhateverOrderTheyCome) {
  const std::vector<double> rates = Plan()->rates;
  EXPECT_EQ(rates.size(), 5U);
  std::sort(members_.begin(), members_.end(), [](const auto& l, const auto& r) { return l.member < r.member; });
  do {
    ASSERT_EQ(Plan()->rates, rates);
  } while (std::next_permutation(members_.begin(), members_.end(),
                                 [](const auto& l, const auto& r) { return l.member < r.member; }));
}

TEST_P(PlanNextRatesTest, SeedPopulationAndGenerationEachHaveTheirOwnRandomNumbers) {
  spec_.populations[0].algorithm.step_scale_cosine = false;  // so that nothing else depends on the generation but `a`
  spec_.populations[0].algorithm.step_scale = 0.5;
  const std::vector<double> rates = Plan()->rates;
  EXPECT_NE(Plan(5)->rates, rates);
  spec_.seed = 43;
  EXPECT_NE(Plan()->rates, rates);
  spec_.seed = 42;
  spec_.populations[0].name = "herd";
  EXPECT_NE(Plan()->rates, rates);
  EXPECT_NE(EvolutionStream(1, "pack", 0).NextUniform(), EvolutionStream(1, "pack", 1).NextUniform());
  EXPECT_EQ(EvolutionStream(1, "pack", 0).NextUniform(), EvolutionStream(1, "pack", 0).NextUniform());
}

TEST_P(PlanNextRatesTest, TellsHowFarTheMembersLieApart) {
  RatesPlan plan = *Plan();
  const auto [low, high] = std::minmax_element(plan.rates.begin(), plan.rates.end());
  EXPECT_EQ(plan.spread, *high / *low);

  spec_.populations[0].algorithm.max_learning_rate = spec_.populations[0].algorithm.min_learning_rate = 0.2;
  EXPECT_EQ(Plan()->spread, 1);
}

TEST_P(PlanNextRatesTest, NumbersThatAreNotUsableAreRefusedByName) {
  members_[3].fitness = kNan;
  EXPECT_THAT(Plan().error().message(), AllOf(HasSubstr("'pack'"), HasSubstr("member 3"), HasSubstr("fitness nan")));
  members_[3] = {3, -0.5, 0.5, 0};
  EXPECT_THAT(Plan().error().message(), AllOf(HasSubstr("member 3"), HasSubstr("learning rate -0.5")));
  members_[3] = {3, 0.5, 0.5, 0};
  decision_.baseline = kNan;
  EXPECT_THAT(Plan().error().message(), HasSubstr("baseline"));
}

TEST_P(PlanNextRatesTest, EveryMemberMustReportOnce) {
  members_[3].member = 1;
  EXPECT_FALSE(Plan().ok());
  members_.pop_back();
  EXPECT_THAT(Plan().error().message(), HasSubstr("4 members reported, there are 5"));
}

TEST_P(PlanNextRatesTest, NothingFollowsTheLastGeneration) {
  EXPECT_TRUE(Plan(10).ok());
  EXPECT_FALSE(Plan(11).ok());
  EXPECT_FALSE(Plan(-1).ok());
}

// These numbers change only when the random streams, the order of draws or the arithmetic do. Then the same job file
// and seed give other results than in releases before: say so in the release notes.
TEST_P(PlanNextRatesTest, AFixedSeedGivesTheseRatesOnEveryMachine) {
  const std::vector<double> wolves = {0.006389478943419379, 0.14190686309661668, 0.06077762626425358,
                                      0.08682921249694198, 0.13258047125509279};
  const std::vector<double> whales = {0.41886834890764063, 0.4385651293435342, 0.1481669746624745, 0.4649888347093832,
                                      0.5606954530387145};
  EXPECT_EQ(Plan()->rates, GetParam() == api::Algorithm::kGreyWolf ? wolves : whales);

  spec_.populations[0].algorithm.space = api::Space::kLog;
  const std::vector<double> log_wolves = {0.1611218313476251, 0.21577640597444195, 0.18536521741040768,
                                          0.12883928837753722, 0.12567895558323292};
  const std::vector<double> log_whales = {0.3799669902580218, 0.40124714822883606, 0.2238858046391242,
                                          0.5265097980061485, 0.49343792707559814};
  EXPECT_EQ(Plan()->rates, GetParam() == api::Algorithm::kGreyWolf ? log_wolves : log_whales);
}

TEST(NextRates, GreyWolfWithFewerThanThreeMembersIsRefused) {
  RecordedRandom random({});
  NextRatesInput input;
  input.members = {{0, 0.1, 0.5, 0}, {1, 0.1, 0.5, 0}};
  input.baseline = input.reference = 0.1;
  EXPECT_THAT(NextRates(input, random).error().message(), HasSubstr("at least 3 members"));
}

TEST(NextRates, FixedDoesNotEvolve) {
  RecordedRandom random({});
  NextRatesInput input;
  input.algorithm.name = api::Algorithm::kFixed;
  input.members = {{0, 0.1, 0.5, 0}};
  input.baseline = input.reference = 0.1;
  EXPECT_FALSE(NextRates(input, random).ok());
}

TEST(NextRates, AWhaleAloneSearchesAroundItself) {
  // p < 0.5: no spiral; r = 1 - 2^-53: A > 1, so it searches; j = 0, C = 1: the distance to itself is 0.
  RecordedRandom random({0.25, 0.75, 1 - 0x1p-53, 0.5, 0.5});
  NextRatesInput input;
  input.algorithm.name = api::Algorithm::kWhale;
  input.algorithm.step = api::StepRule::kCanonical;
  input.algorithm.step_scale_cosine = false;
  input.algorithm.step_scale = 0.25;
  input.members = {{0, 0.7, 0.5, 0}};
  input.baseline = 0.1;
  input.reference = 0.1;
  EXPECT_THAT(*NextRates(input, random), ::testing::ElementsAre(0.7));
  EXPECT_EQ(random.remaining(), 0U);
}

}  // namespace
}  // namespace eoa::evolve
