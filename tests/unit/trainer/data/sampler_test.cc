#include "trainer/data/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(EpochOrder, DealsOutEqualShardsWithoutASampleTwice) {
  const auto samples = FirstSamples(103);
  std::set<std::uint32_t> seen;
  for (int rank = 0; rank < 4; ++rank) {
    const auto shard = EpochOrder(1, 0, samples, rank, 4);
    EXPECT_THAT(shard, SizeIs(25));
    seen.insert(shard.begin(), shard.end());
  }
  EXPECT_THAT(seen, SizeIs(100));
}

TEST(EpochOrder, LeavesOtherSamplesOutEachEpoch) {
  const auto samples = FirstSamples(7);
  std::set<std::uint32_t> seen;
  for (int epoch = 0; epoch < 40; ++epoch) {
    const auto shard = EpochOrder(1, epoch, samples, 0, 4);
    seen.insert(shard.begin(), shard.end());
  }
  EXPECT_THAT(seen, SizeIs(7));
}

TEST(EpochOrder, ShufflesAnewForEachEpochAndSeed) {
  const auto samples = FirstSamples(50);
  const auto order = EpochOrder(1, 0, samples, 0, 1);
  EXPECT_EQ(order, EpochOrder(1, 0, samples, 0, 1));
  EXPECT_NE(order, EpochOrder(1, 1, samples, 0, 1));
  EXPECT_NE(order, EpochOrder(2, 0, samples, 0, 1));
  EXPECT_TRUE(std::ranges::is_permutation(order, samples));
}

TEST(EpochOrder, PutsEverySampleEverywhereEquallyOften) {
  const auto samples = FirstSamples(5);
  std::vector<std::vector<int>> count(5, std::vector<int>(5));
  constexpr int kEpochs = 10000;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const auto order = EpochOrder(3, epoch, samples, 0, 1);
    for (std::size_t place = 0; place < 5; ++place) ++count[order[place]][place];
  }
  // Binomial with mean 2000 and standard deviation 40; five of those.
  for (const auto& places : count) {
    for (const int times : places) EXPECT_NEAR(times, 2000, 200);
  }
}

// Numbers from a transcription of Philox and the shuffle in Python.
TEST(EpochOrder, IsTheSameOnEveryMachine) {
  std::vector<std::uint32_t> samples = FirstSamples(12);
  for (std::uint32_t& sample : samples) sample += 100;
  EXPECT_THAT(EpochOrder(42, 3, samples, 0, 1),
              ElementsAre(110, 104, 107, 108, 100, 101, 106, 102, 109, 111, 105, 103));
}

TEST(EvaluationShard, LosesAndDoublesNoSample) {
  for (const int world : {1, 3, 4, 8, 20}) {
    std::vector<std::uint32_t> all;
    std::size_t least = 100;
    std::size_t most = 0;
    for (int rank = 0; rank < world; ++rank) {
      const auto shard = EvaluationShard(FirstSamples(10), rank, world);
      least = std::min(least, shard.size());
      most = std::max(most, shard.size());
      all.insert(all.end(), shard.begin(), shard.end());
    }
    EXPECT_EQ(all, FirstSamples(10)) << world;
    EXPECT_LE(most - least, 1) << world;
  }
}

}  // namespace
}  // namespace eoa::train
