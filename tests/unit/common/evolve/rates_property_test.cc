// What must hold of the algorithms whatever the numbers are.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>

#include "common/evolve/rates.h"

namespace eoa::evolve {
namespace {

using Combination = std::tuple<api::Algorithm, api::StepRule, api::Space, bool>;

class NextRatesPropertyTest : public ::testing::TestWithParam<Combination> {
 protected:
  NextRatesPropertyTest() : random_(7, {HashName("property"), 0}) {
    std::tie(input_.algorithm.name, input_.algorithm.step, input_.algorithm.space, input_.algorithm.absolute_distance) =
        GetParam();
    input_.generations = 20;
  }

  // The next rates with random numbers that depend on `round` alone.
  std::vector<double> Next(int round) const {
    SeededRandom random = EvolutionStream(1, "property", round);
    const Result<std::vector<double>> rates = NextRates(input_, random);
    EXPECT_TRUE(rates.ok()) << rates.error().ToString();
    return rates.ok() ? *rates : std::vector<double>();
  }

  void DrawUsualMembers() {
    input_.members.clear();
    const auto draw = [&] { return 0.5 * std::exp(4 * random_.NextUniform() - 2); };
    for (int i = 0; i < 6; ++i) input_.members.push_back({i, draw(), random_.NextUniform(), 0});
    input_.baseline = draw();
    input_.reference = draw();
    input_.generation = static_cast<int>(random_.NextBelow(20));
  }

  void Multiply(double factor) {
    for (api::MemberReport& member : input_.members) member.learning_rate *= factor;
    input_.baseline *= factor;
    input_.reference *= factor;
    input_.algorithm.min_learning_rate *= factor;
    input_.algorithm.max_learning_rate *= factor;
  }

  NextRatesInput input_;
  SeededRandom random_;
};

std::string Name(const ::testing::TestParamInfo<Combination>& info) {
  constexpr std::array<const char*, 2> kAlgorithms = {"GreyWolf", "Whale"};
  constexpr std::array<const char*, 5> kSteps = {"Scaled", "Canonical", "Affine", "AffineRelative", "Proportional"};
  constexpr std::array<const char*, 2> kSpaces = {"Linear", "Log"};
  const auto [algorithm, step, space, absolute] = info.param;
  return std::string(kAlgorithms.at(static_cast<std::size_t>(algorithm))) + kSteps.at(static_cast<std::size_t>(step)) +
         kSpaces.at(static_cast<std::size_t>(space)) + (absolute ? "" : "Signed");
}

const auto kAlgorithms = ::testing::Values(api::Algorithm::kGreyWolf, api::Algorithm::kWhale);
const auto kSpaces = ::testing::Values(api::Space::kLinear, api::Space::kLog);

INSTANTIATE_TEST_SUITE_P(All, NextRatesPropertyTest,
                         ::testing::Combine(kAlgorithms,
                                            ::testing::Values(api::StepRule::kScaled, api::StepRule::kCanonical,
                                                              api::StepRule::kAffine, api::StepRule::kAffineRelative,
                                                              api::StepRule::kProportional),
                                            kSpaces, ::testing::Bool()),
                         Name);

TEST_P(NextRatesPropertyTest, RatesAreFiniteAndWithinBoundsForAnyFiniteInput) {
  constexpr double kDenormal = std::numeric_limits<double>::denorm_min();
  constexpr double kGreatest = std::numeric_limits<double>::max();
  constexpr std::array<double, 10> kRates = {0, kDenormal, 1e-308, 1e-9, 0.1, 0.1, 3, 1e154, 1e308, kGreatest};
  constexpr std::array<double, 6> kFitnesses = {0, 0, 1, 0.5, -kGreatest, kGreatest};
  constexpr std::array<std::array<double, 2>, 4> kBounds = {
      {{1e-6, 10}, {kDenormal, kGreatest}, {0.1, 0.1}, {1e-300, 1e-290}}};
  const auto pick = [&](const auto& values) { return values[random_.NextBelow(values.size())]; };
  for (int round = 0; round < 500; ++round) {
    input_.members.clear();
    const int count = 3 + static_cast<int>(random_.NextBelow(5));
    for (int i = 0; i < count; ++i) input_.members.push_back({i, pick(kRates), pick(kFitnesses), 0});
    input_.baseline = pick(kRates);
    do input_.reference = pick(kRates);
    while (input_.reference == 0);
    input_.generation = static_cast<int>(random_.NextBelow(20));
    const auto [low, high] = pick(kBounds);
    input_.algorithm.min_learning_rate = low;
    input_.algorithm.max_learning_rate = high;
    input_.algorithm.step_scale_cosine = random_.NextBelow(2) == 0;
    input_.algorithm.step_scale = 10;
    for (const double rate : Next(round)) {
      ASSERT_TRUE(std::isfinite(rate));
      ASSERT_GE(rate, low);
      ASSERT_LE(rate, high);
    }
  }
}

TEST_P(NextRatesPropertyTest, MembersThatAreAllEqualAreNoSpecialCase) {
  input_.members = {{0, 0.1, 0.5, 0}, {1, 0.1, 0.5, 0}, {2, 0.1, 0.5, 0}, {3, 0.1, 0.5, 0}};
  input_.baseline = input_.reference = 0.1;
  for (const double rate : Next(0)) EXPECT_TRUE(std::isfinite(rate));
}

class ScaleFreeTest : public NextRatesPropertyTest {};

INSTANTIATE_TEST_SUITE_P(ScaleFree, ScaleFreeTest,
                         ::testing::Combine(kAlgorithms,
                                            ::testing::Values(api::StepRule::kScaled, api::StepRule::kCanonical),
                                            kSpaces, ::testing::Bool()),
                         Name);

// Powers of two only move the exponent, so in linear space not even rounding differs.
TEST_P(ScaleFreeTest, LearningRatesTimesAPowerOfTwoGiveNextRatesTimesThat) {
  const bool exact = std::get<api::Space>(GetParam()) == api::Space::kLinear;
  for (int round = 0; round < 50; ++round) {
    DrawUsualMembers();
    const std::vector<double> rates = Next(round);
    for (const double factor : {0x1p-20, 0.5, 0x1p13}) {
      Multiply(factor);
      const std::vector<double> scaled = Next(round);
      for (std::size_t i = 0; i < rates.size(); ++i) {
        ASSERT_NEAR(scaled[i], rates[i] * factor, exact ? 0 : 1e-13 * rates[i] * factor);
      }
      Multiply(1 / factor);
    }
  }
}

// Here rounding differs; LRs are near 1, so that sums of a few of them are known to about 1e-15.
TEST_P(ScaleFreeTest, LearningRatesTimesAnyFactorGiveNextRatesTimesThat) {
  for (int round = 0; round < 50; ++round) {
    DrawUsualMembers();
    const std::vector<double> rates = Next(round);
    Multiply(0.3);
    const std::vector<double> scaled = Next(round);
    for (std::size_t i = 0; i < rates.size(); ++i) ASSERT_NEAR(scaled[i], rates[i] * 0.3, 1e-13);
    Multiply(1 / 0.3);
  }
}

}  // namespace
}  // namespace eoa::evolve
