// Ecospheres that train on fitness(x) = -log(x / target)^2: how near the elected LR comes to a target that lies at a
// third of where the members start. The bounds are two to three times what 40 seeds gave (docs/algorithm.md).
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "common/evolve/election.h"
#include "tests/unit/common/evolve/ecosphere.h"

namespace eoa::evolve {
namespace {

constexpr int kSeeds = 10;

std::vector<api::PopulationSpec> Wolves(int members) {
  return {MakePopulation("wolves", api::Algorithm::kGreyWolf, members)};
}

std::vector<api::PopulationSpec> Whales(int members) {
  return {MakePopulation("whales", api::Algorithm::kWhale, members)};
}

std::vector<api::PopulationSpec> Both() { return {Wolves(4)[0], Whales(4)[0]}; }

struct Outcome {
  double worst = 0;   // |log(elected LR / target)| of the last generation, the greatest over the seeds
  double lowest = 1;  // elected LR / target of the last generation, the smallest over the seeds
};

Outcome Train(std::vector<api::PopulationSpec> populations, api::StepRule step, double step_scale, api::Space space) {
  for (api::PopulationSpec& population : populations) {
    population.initial_scaling = api::Scaling::kLinear;
    population.algorithm.step = step;
    population.algorithm.step_scale_cosine = step_scale == 0;
    population.algorithm.step_scale = step_scale;
    population.algorithm.space = space;
  }
  api::JobSpec spec = MakeJob(std::move(populations));
  spec.ecosphere.generations = 100;
  const double target = ReferenceRate(spec) / 3;
  Outcome outcome;
  for (spec.seed = 0; spec.seed < kSeeds; ++spec.seed) {
    const auto fitness = [target](double rate) { return -std::pow(std::log(rate / target), 2); };
    const double ratio = Run(spec, fitness).back().decision.elected.learning_rate / target;
    outcome.worst = std::max(outcome.worst, std::fabs(std::log(ratio)));
    outcome.lowest = std::min(outcome.lowest, ratio);
  }
  return outcome;
}

TEST(Convergence, ScaledStepsFindTheTargetWhereWhalesTakePart) {
  EXPECT_LT(Train(Both(), api::StepRule::kScaled, 0, api::Space::kLinear).worst, 0.1);
  EXPECT_LT(Train(Whales(4), api::StepRule::kScaled, 0, api::Space::kLinear).worst, 0.1);
  EXPECT_LT(Train(Whales(8), api::StepRule::kScaled, 0, api::Space::kLinear).worst, 0.01);
}

TEST(Convergence, ScaledStepsFindTheTargetInLogSpaceToo) {
  EXPECT_LT(Train(Both(), api::StepRule::kScaled, 0, api::Space::kLog).worst, 0.03);
  EXPECT_LT(Train(Whales(8), api::StepRule::kScaled, 0, api::Space::kLog).worst, 0.01);
}

TEST(Convergence, CanonicalStepsFindTheTargetWithEitherAlgorithm) {
  EXPECT_LT(Train(Wolves(4), api::StepRule::kCanonical, 0.25, api::Space::kLinear).worst, 0.05);
  EXPECT_LT(Train(Wolves(8), api::StepRule::kCanonical, 0.25, api::Space::kLinear).worst, 0.02);
  EXPECT_LT(Train(Whales(4), api::StepRule::kCanonical, 0.25, api::Space::kLinear).worst, 0.02);
  EXPECT_LT(Train(Both(), api::StepRule::kCanonical, 0.25, api::Space::kLinear).worst, 0.01);
}

TEST(Convergence, AffineStepsFindTheTargetNearTheRatesThatTheyWereMadeFor) {
  EXPECT_LT(Train(Both(), api::StepRule::kAffine, 0, api::Space::kLinear).worst, 0.15);
}

// A Grey Wolf's affine step is nearly always downwards, so wolves alone anneal whatever the fitness says.
TEST(Convergence, WolvesAloneWithScaledStepsOnlyAnneal) {
  EXPECT_LT(Train(Wolves(8), api::StepRule::kScaled, 0, api::Space::kLinear).lowest, 0.01);
}

}  // namespace
}  // namespace eoa::evolve
