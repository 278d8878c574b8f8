#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/evolve/rates.h"
#include "tests/unit/common/evolve/ecosphere.h"

namespace eoa::evolve {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

api::JobSpec EightMembers() {
  return MakeJob(
      {MakePopulation("wolves", api::Algorithm::kGreyWolf, 4), MakePopulation("whales", api::Algorithm::kWhale, 4)});
}

api::JobSpec FixedJob() {
  api::JobSpec spec = MakeJob({MakePopulation("plain", api::Algorithm::kFixed, 2)});
  spec.ecosphere.generations = 4;
  return spec;
}

std::vector<double> Next(const api::JobSpec& spec, int generation) {
  return PlanNextRates(spec, 0, {}, {}, generation)->rates;
}

TEST(StartRates, SpreadUpToTenPercentAboveTheScaledBaseRate) {
  const api::JobSpec spec = EightMembers();
  EXPECT_THAT(*StartRates(spec, 0), AllOf(::testing::SizeIs(4), Each(AllOf(Ge(0.8), Le(0.88)))));
  const double root = 0.1 * std::sqrt(8.0);
  EXPECT_THAT(*StartRates(spec, 1), AllOf(::testing::SizeIs(4), Each(AllOf(Ge(root), Le(1.1 * root)))));
}

TEST(StartRates, WithoutScalingAreNearTheBaseRate) {
  api::JobSpec spec = EightMembers();
  spec.populations[0].initial_scaling = api::Scaling::kNone;
  EXPECT_THAT(*StartRates(spec, 0), Each(AllOf(Ge(0.1), Le(0.11))));
}

TEST(StartRates, DifferByMemberPopulationAndSeedAndAreTheSameEachTime) {
  api::JobSpec spec = EightMembers();
  spec.populations[1].initial_scaling = api::Scaling::kLinear;
  const std::vector<double> wolves = *StartRates(spec, 0);
  EXPECT_EQ(*StartRates(spec, 0), wolves);
  EXPECT_NE(*StartRates(spec, 1), wolves);
  EXPECT_NE(wolves[0], wolves[1]);
  spec.seed = 43;
  EXPECT_NE(*StartRates(spec, 0), wolves);
}

TEST(StartRates, AreClippedToThePopulationsBounds) {
  api::JobSpec spec = EightMembers();
  spec.populations[0].algorithm.max_learning_rate = 0.5;
  EXPECT_THAT(*StartRates(spec, 0), Each(0.5));
}

TEST(StartRates, APopulationThatCannotEvolveIsRefusedBeforeItTrains) {
  api::JobSpec spec = MakeJob({MakePopulation("wolves", api::Algorithm::kGreyWolf, 2)});
  EXPECT_THAT(StartRates(spec, 0).error().message(), AllOf(HasSubstr("'wolves'"), HasSubstr("at least 3 members")));

  spec = EightMembers();
  spec.populations[0].algorithm.space = api::Space::kLog;
  spec.populations[0].algorithm.min_learning_rate = 0;
  EXPECT_THAT(StartRates(spec, 0).error().message(), HasSubstr("minLearningRate above 0"));

  spec = EightMembers();
  spec.populations[0].algorithm.min_learning_rate = 20;
  EXPECT_THAT(StartRates(spec, 0).error().message(), HasSubstr("min <= max"));

  EXPECT_FALSE(StartRates(EightMembers(), 2).ok());
  EXPECT_FALSE(StartRates(EightMembers(), -1).ok());
}

TEST(WarmUp, RaisesEveryMemberInEqualStepsFromTheBaseRateToItsStartRate) {
  api::JobSpec spec = EightMembers();
  const std::vector<double> start = *StartRates(spec, 0);
  spec.ecosphere.warmup_generations = 4;
  EXPECT_THAT(*StartRates(spec, 0), Each(0.1));
  for (int generation = 1; generation <= 4; ++generation) {
    // No election has a say: neither reports nor a decision are needed.
    const std::vector<double> rates = Next(spec, generation - 1);
    for (std::size_t i = 0; i < start.size(); ++i) {
      EXPECT_DOUBLE_EQ(rates[i], 0.1 + (start[i] - 0.1) * generation / 4);
    }
  }
  EXPECT_FALSE(PlanNextRates(spec, 0, {}, {}, 4).ok()) << "evolution has begun: it needs reports";
}

TEST(Fixed, ConstantStaysAtTheScaledBaseRateForAllMembers) {
  api::JobSpec spec = FixedJob();
  spec.populations[0].initial_scaling = api::Scaling::kLinear;
  EXPECT_THAT(*StartRates(spec, 0), ElementsAre(0.2, 0.2));
  EXPECT_THAT(Next(spec, 0), ElementsAre(0.2, 0.2));
}

TEST(Fixed, CosineFallsOverTheJobsGenerations) {
  api::JobSpec spec = FixedJob();
  spec.populations[0].algorithm.schedule = "Cosine";
  EXPECT_THAT(*StartRates(spec, 0), Each(0.1));
  EXPECT_NEAR(Next(spec, 1)[0], 0.05, 1e-16);
  EXPECT_NEAR(Next(spec, 2)[1], 0.1 * (1 + std::cos(3 * M_PI / 4)) / 2, 1e-16);
}

TEST(Fixed, ScheduleIsReplayedGenerationByGeneration) {
  api::JobSpec spec = FixedJob();
  spec.populations[0].algorithm.learning_rates = {0.4, 0.3, 0.2, 0.1};
  EXPECT_THAT(*StartRates(spec, 0), Each(0.4));
  EXPECT_THAT(Next(spec, 0), Each(0.3));
  EXPECT_THAT(Next(spec, 2), Each(0.1));
}

TEST(Fixed, AScheduleShorterThanTheJobIsRefusedBeforeItTrains) {
  api::JobSpec spec = FixedJob();
  spec.populations[0].algorithm.learning_rates = {0.4, 0.3, 0.2};
  EXPECT_THAT(StartRates(spec, 0).error().message(),
              AllOf(HasSubstr("'plain'"), HasSubstr("3 generations"), HasSubstr("the job has 4")));
}

}  // namespace
}  // namespace eoa::evolve
