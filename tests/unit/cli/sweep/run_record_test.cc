#include "cli/sweep/run_record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace eoa::sweep {
namespace {

constexpr const char* kSchedule =
    "generation,population,member,learning_rate,fitness,train_loss,fitness_loss,elected,baseline\n"
    "0,wolves,0,0.1,0.3,2,2,0,0.2\n"
    "0,wolves,1,0.3,0.4,2,,1,0.2\n"
    "1,wolves,0,0.05,0.5,1,1,1,0.05\n";

TEST(SumOfMeanRates, AddsTheMeansOfTheGenerations) {
  const std::optional<double> sum = SumOfMeanRates(kSchedule);
  ASSERT_TRUE(sum);
  EXPECT_DOUBLE_EQ(*sum, 0.2 + 0.05);
}

TEST(SumOfMeanRates, LeavesGenerationsOutThatTrainNothing) {
  const std::optional<double> sum = SumOfMeanRates(
      "generation,member,learning_rate,trained\n"
      "0,0,10,\n"
      "1,0,0.25,0.5\n"
      "1,1,0.75,0.5\n");
  ASSERT_TRUE(sum);
  EXPECT_DOUBLE_EQ(*sum, 0.5);
}

TEST(SumOfMeanRates, WhatIsNoScheduleHasNone) {
  EXPECT_FALSE(SumOfMeanRates(""));
  EXPECT_FALSE(SumOfMeanRates("generation,learning_rate\n"));
  EXPECT_FALSE(SumOfMeanRates("a,b\n1,2\n"));
  EXPECT_FALSE(SumOfMeanRates("generation,learning_rate\n0,fast\n"));
  EXPECT_FALSE(SumOfMeanRates("generation,learning_rate\n0\n"));
}

TEST(RecordOf, ASuccessHasItsFigures) {
  const RunRecord record = RecordOf({{"outcome", "Succeeded"},
                                     {"elected", {{"fitness", 0.6}}},
                                     {"testAccuracy", 0.5},
                                     {"testLoss", 1.25},
                                     {"durationSeconds", 12.5}},
                                    kSchedule);
  EXPECT_EQ(record.state, RunState::kSucceeded);
  EXPECT_EQ(record.test_accuracy, 0.5);
  EXPECT_EQ(record.test_loss, 1.25);
  EXPECT_EQ(record.fitness, 0.6);
  EXPECT_EQ(record.seconds, 12.5);
  EXPECT_TRUE(record.learning_rate_sum);
}

TEST(RecordOf, AFailureHasItsReasonAndNoFigures) {
  const RunRecord record = RecordOf({{"outcome", "Failed"}, {"reason", "wolves: diverged"}, {"testAccuracy", 0.1}}, "");
  EXPECT_EQ(record.state, RunState::kFailed);
  EXPECT_EQ(record.reason, "wolves: diverged");
  EXPECT_FALSE(record.test_accuracy);
}

TEST(RecordOf, WithoutAnOutcomeItIsToGoOn) {
  EXPECT_EQ(RecordOf(nullptr, "").state, RunState::kInterrupted);
  EXPECT_EQ(RecordOf({{"outcome", "Interrupted"}}, kSchedule).state, RunState::kInterrupted);
}

}  // namespace
}  // namespace eoa::sweep
