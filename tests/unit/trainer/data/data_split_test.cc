#include "trainer/data/data_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::int32_t> Labels(std::map<std::int32_t, int> counts) {
  std::vector<std::int32_t> labels;
  while (!counts.empty()) {  // interleaved
    for (auto it = counts.begin(); it != counts.end();) {
      labels.push_back(it->first);
      it = --it->second == 0 ? counts.erase(it) : std::next(it);
    }
  }
  return labels;
}

std::map<std::int32_t, int> Counts(const std::vector<std::int32_t>& labels, const std::vector<std::uint32_t>& samples) {
  std::map<std::int32_t, int> counts;
  for (const std::uint32_t sample : samples) ++counts[labels[sample]];
  return counts;
}

TEST(MakeSplit, HoldsTheSameFractionOfEachClassOut) {
  const auto labels = Labels({{0, 100}, {1, 50}, {2, 7}});
  const DataSplit split = MakeSplit(labels, 0.1, 1);
  EXPECT_EQ(Counts(labels, split.validation), (std::map<std::int32_t, int>{{0, 10}, {1, 5}, {2, 1}}));
  EXPECT_EQ(Counts(labels, split.train), (std::map<std::int32_t, int>{{0, 90}, {1, 45}, {2, 6}}));
}

TEST(MakeSplit, PutsEverySampleIntoExactlyOnePart) {
  const auto labels = Labels({{0, 33}, {3, 20}, {7, 11}});
  const DataSplit split = MakeSplit(labels, 0.3, 5);
  EXPECT_TRUE(std::ranges::is_sorted(split.train));
  EXPECT_TRUE(std::ranges::is_sorted(split.validation));
  std::vector<std::uint32_t> all;
  std::ranges::merge(split.train, split.validation, std::back_inserter(all));
  EXPECT_EQ(all, FirstSamples(64));
}

TEST(MakeSplit, IsDrawnByTheSeed) {
  const auto labels = Labels({{0, 100}, {1, 100}});
  EXPECT_EQ(MakeSplit(labels, 0.2, 1).validation, MakeSplit(labels, 0.2, 1).validation);
  EXPECT_NE(MakeSplit(labels, 0.2, 1).validation, MakeSplit(labels, 0.2, 2).validation);
}

TEST(MakeSplit, NeverTakesAClassAwayFromTraining) {
  const auto labels = Labels({{0, 1}, {1, 2}, {2, 3}});
  const DataSplit most = MakeSplit(labels, 0.99, 1);
  EXPECT_EQ(Counts(labels, most.train), (std::map<std::int32_t, int>{{0, 1}, {1, 1}, {2, 1}}));
}

TEST(MakeSplit, JudgesEveryClassThatHasTwoSamples) {
  const auto labels = Labels({{0, 1}, {1, 2}, {2, 3}});
  const DataSplit least = MakeSplit(labels, 0.001, 1);
  EXPECT_EQ(Counts(labels, least.validation), (std::map<std::int32_t, int>{{1, 1}, {2, 1}}));
}

TEST(MakeSplit, HoldsNothingOutForAFractionOfZero) {
  const auto labels = Labels({{0, 5}});
  EXPECT_THAT(MakeSplit(labels, 0, 1).validation, IsEmpty());
  EXPECT_THAT(MakeSplit({}, 0.5, 1).train, IsEmpty());
}

// The numbers come from a transcription of Philox and the shuffle in Python: a split must never change from one release
// or machine to another, since resumed jobs draw it again.
TEST(MakeSplit, DrawsTheSameSamplesOnEveryMachine) {
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 12; ++i) labels.push_back(i % 2);
  EXPECT_THAT(MakeSplit(labels, 1.0 / 3, 7).validation, ElementsAre(5, 6, 7, 8));
}

TEST(FitnessSubset, DrawsTheSameSamplesOnEveryMachine) {
  const std::vector<std::uint32_t> validation{50, 51, 52, 53, 54, 55, 56, 57, 58, 59};
  EXPECT_THAT(FitnessSubset(validation, 4, 9), ElementsAre(51, 55, 58, 59));
}

TEST(FitnessSubset, IsTheWholeSplitForZeroOrTooMany) {
  const std::vector<std::uint32_t> validation{3, 5, 8};
  EXPECT_EQ(FitnessSubset(validation, 0, 1), validation);
  EXPECT_EQ(FitnessSubset(validation, 3, 1), validation);
  EXPECT_EQ(FitnessSubset(validation, 100, 1), validation);
}

}  // namespace
}  // namespace eoa::train
