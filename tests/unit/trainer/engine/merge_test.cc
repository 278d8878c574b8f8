#include "trainer/engine/merge.h"

#include <cmath>

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "tests/fakes/thread_world.h"

namespace eoa::train {
namespace {

FlatWeights WeightsOf(double value) {
  return FlatWeights({{"a", at::full({2, 3}, value, at::kFloat)}, {"b", at::full({}, 10 * value, at::kFloat)}});
}

std::vector<double> Values(const FlatWeights& weights) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < weights.values().numel(); ++i) values.push_back(weights.values()[i].item<double>());
  return values;
}

TEST(Merge, TheAverageIsTheMeanOfAllMembers) {
  ThreadWorld(3).Run([](Comm& comm) {
    FlatWeights weights = WeightsOf(comm.rank() + 1);
    EXPECT_EQ(AverageWeights(comm, weights, true).value(), 3);
    EXPECT_EQ(Values(weights), (std::vector<double>{2, 2, 2, 2, 2, 2, 20}));
  });
}

TEST(Merge, WhoDoesNotTakePartGetsTheOthersMeanAndNothingOfItsOwnSpreads) {
  ThreadWorld(3).Run([](Comm& comm) {
    const bool takes_part = comm.rank() != 1;
    FlatWeights weights = WeightsOf(takes_part ? comm.rank() : std::nan(""));
    EXPECT_EQ(AverageWeights(comm, weights, takes_part).value(), 2);
    EXPECT_EQ(Values(weights), (std::vector<double>{1, 1, 1, 1, 1, 1, 10}));
  });
}

TEST(Merge, WithoutAnyoneTheWeightsStay) {
  ThreadWorld(2).Run([](Comm& comm) {
    FlatWeights weights = WeightsOf(comm.rank());
    EXPECT_EQ(AverageWeights(comm, weights, false).value(), 0);
    EXPECT_EQ(Values(weights), Values(WeightsOf(comm.rank())));
  });
}

TEST(Merge, TheLeaderAloneCanTakeTheMeanAndHandItOn) {
  ThreadWorld(3).Run([](Comm& comm) {
    const bool takes_part = comm.rank() != 1;
    FlatWeights weights = WeightsOf(takes_part ? comm.rank() : std::nan(""));
    EXPECT_TRUE(AverageWeightsAt(comm, weights, takes_part, 0).ok());
    EXPECT_TRUE(CopyWeights(comm, weights, 0).ok());
    EXPECT_EQ(Values(weights), (std::vector<double>{1, 1, 1, 1, 1, 1, 10}));
  });
}

TEST(Merge, CopyGivesEveryMemberTheRootsWeights) {
  ThreadWorld(3).Run([](Comm& comm) {
    FlatWeights weights = WeightsOf(comm.rank());
    EXPECT_TRUE(CopyWeights(comm, weights, 2).ok());
    EXPECT_EQ(Values(weights), Values(WeightsOf(2)));
  });
}

TEST(Merge, TheRootIsARankOfTheGroupThatMerges) {
  api::JobSpec spec;
  spec.populations.resize(2);
  spec.populations[0].name = "wolves";
  spec.populations[0].members = 4;
  spec.populations[1].name = "whales";
  spec.populations[1].members = 3;
  const MergeMessage merge{.generation = 0, .population = "whales", .member = 2};
  EXPECT_EQ(RootOfMerge(spec, "whales", merge), 2);
  EXPECT_EQ(RootOfMerge(spec, "wolves", merge), std::nullopt);
  spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
  EXPECT_EQ(RootOfMerge(spec, "wolves", merge), 6);
  EXPECT_EQ(RootOfMerge(spec, "wolves", {}), std::nullopt);
}

}  // namespace
}  // namespace eoa::train
