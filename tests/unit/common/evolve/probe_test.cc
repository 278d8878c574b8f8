#include "common/evolve/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "common/evolve/election.h"
#include "common/evolve/rates.h"
#include "tests/unit/common/evolve/ecosphere.h"

namespace eoa::evolve {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

class ProbeTest : public ::testing::Test {
 protected:
  ProbeTest()
      : spec_(MakeJob({MakePopulation("wolves", api::Algorithm::kGreyWolf, 4),
                       MakePopulation("whales", api::Algorithm::kWhale, 4)})) {
    spec_.ecosphere.probe_generations = 2;
    for (api::PopulationSpec& population : spec_.populations) population.algorithm.max_learning_rate = 1000;
  }

  // All LRs that are tried, ascending, in powers of ten of `centre`.
  std::vector<double> Decades(int generation, double centre) const {
    std::vector<double> all;
    for (int p = 0; p < static_cast<int>(spec_.populations.size()); ++p) {
      for (const double rate : ProbeRates(spec_, p, generation, centre)) all.push_back(std::log10(rate / centre));
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end(), [](double l, double r) { return std::fabs(l - r) < 1e-9; }),
              all.end());
    return all;
  }

  api::JobSpec spec_;
};

const auto Near = [](double value) { return DoubleNear(value, 1e-9); };

TEST_F(ProbeTest, TheFirstGenerationCoversFourDecadesEvenly) {
  EXPECT_THAT(Decades(0, 0.8), ElementsAre(Near(-1.5), Near(-0.5), Near(0.5), Near(1.5)));
}

TEST_F(ProbeTest, TheNextOneCoversTheCellsBesideTheBest) {
  EXPECT_THAT(Decades(1, 0.2), ElementsAre(Near(-0.5), Near(-1.0 / 6), Near(1.0 / 6), Near(0.5)));
}

TEST_F(ProbeTest, MembersOfOneTrialHaveTheSameRate) {
  const std::vector<double> rates = ProbeRates(spec_, 0, 0, 0.8);
  ASSERT_EQ(rates.size(), 4U);
  EXPECT_EQ(rates[0], rates[1]);
  EXPECT_EQ(rates[2], rates[3]);
  EXPECT_LT(rates[0], rates[2]);
}

TEST_F(ProbeTest, TrialsDoNotDependOnTheBaseByPowersOfTen) {
  spec_.ecosphere.base_learning_rate = 0.1;
  const double second = StartRates(spec_, 1)->front();
  spec_.ecosphere.base_learning_rate = 0.01;
  EXPECT_NEAR(StartRates(spec_, 0)->back(), second, 1e-9) << "the third of these";
}

TEST_F(ProbeTest, ALonePopulationTriesAsManyAsItHasMembersUpToFour) {
  spec_.populations.resize(1);
  EXPECT_EQ(ProbeTrials(spec_, 0), 4);
  spec_.populations[0].members = 3;
  EXPECT_THAT(Decades(0, 1), ElementsAre(Near(-4.0 / 3), Near(0), Near(4.0 / 3)));
  spec_.populations[0].members = 1;
  EXPECT_THAT(Decades(0, 1), ElementsAre(Near(0)));
  EXPECT_THAT(Decades(1, 1), ElementsAre(Near(0)));
}

TEST_F(ProbeTest, RatesStayWithinTheBoundsOfThePopulation) {
  spec_.populations[0].algorithm.max_learning_rate = 1;
  for (const double rate : ProbeRates(spec_, 0, 0, 1)) EXPECT_LE(rate, 1);
}

// Whatever base LR the user wrote, the search sets out from where trials are best.
TEST_F(ProbeTest, TheSearchSetsOutFromWhatWasFound) {
  for (const double base : {0.0005, 0.005, 0.05, 0.5}) {
    spec_.ecosphere.base_learning_rate = base;
    const auto fitness = [](double rate) { return -std::fabs(std::log(rate / 0.4)); };
    const std::vector<Generation> history = eoa::evolve::Run(spec_, fitness);
    const double found = *history[1].decision.base_learning_rate * 8;
    EXPECT_NEAR(std::log10(found), std::log10(0.4), 0.17) << base;
    for (const double rate : history[2].rates[0]) EXPECT_NEAR(rate, found * 1.05, found * 0.0501) << base;
    EXPECT_EQ(history.back().decision.base_learning_rate, history[1].decision.base_learning_rate);
  }
}

}  // namespace
}  // namespace eoa::evolve
