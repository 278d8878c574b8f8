#include "cli/sweep/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/sweep/sweep_fixture.h"

namespace eoa::sweep {
namespace {

using ::testing::HasSubstr;

RunRecord Success(double accuracy, double seconds = 10) {
  RunRecord record;
  record.state = RunState::kSucceeded;
  record.test_accuracy = accuracy;
  record.seconds = seconds;
  record.learning_rate_sum = 2.5;
  return record;
}

RunRecord Failure(const std::string& reason) {
  RunRecord record;
  record.state = RunState::kFailed;
  record.reason = reason;
  return record;
}

// Seeds 1, 2, 3 of "cosine" and "blend".
class Comparison : public ::testing::Test {
 protected:
  const Plan plan_ = PlanOf(
                         "  job: job.yaml\n  arms:\n  - {name: cosine}\n  - name: blend\n"
                         "    set: {spec.ecosphere.baseline: CosineBlend}\n")
                         .plan.value();
  // In the plan's order: by seed, then by arm.
  const std::vector<RunRecord> complete_ = {Success(0.628), Success(0.659), Success(0.652),
                                            Success(0.631), Success(0.637), Success(0.636)};
};

// scipy 1.17.1: stats.t.interval of each arm, stats.ttest_rel(blend, cosine).confidence_interval(0.95).
TEST_F(Comparison, DifferencesArePairedBySeed) {
  const std::vector<VariantRow> rows = Compare(plan_, complete_);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_NEAR(rows[0].accuracy->mean, 0.639, 1e-14);
  EXPECT_NEAR(*rows[0].accuracy->half_width, 0.030118569108246285, 1e-12);
  EXPECT_FALSE(rows[0].difference);
  EXPECT_EQ(rows[1].difference->count, 3);
  EXPECT_NEAR(rows[1].difference->mean - *rows[1].difference->half_width, -0.06215832132281217, 1e-12);
  EXPECT_NEAR(rows[1].difference->mean + *rows[1].difference->half_width, 0.06815832132281217, 1e-12);
}

TEST_F(Comparison, ASeedThatOneOfThemLacksIsNoPair) {
  std::vector<RunRecord> records = complete_;
  records[0] = Failure("diverged");
  records[3] = RunRecord();
  const std::vector<VariantRow> rows = Compare(plan_, records);
  EXPECT_EQ(rows[0].succeeded, 2);
  EXPECT_EQ(rows[0].failed, 1);
  EXPECT_EQ(rows[1].succeeded, 2);
  EXPECT_EQ(rows[1].failed, 0);
  EXPECT_EQ(rows[1].difference->count, 1);
  EXPECT_NEAR(rows[1].difference->mean, 0.636 - 0.637, 1e-14);
  EXPECT_FALSE(rows[1].difference->half_width);
}

TEST_F(Comparison, TheTextHasALineForEachVariantAndEachFailure) {
  std::vector<RunRecord> records = complete_;
  records[4] = Failure("wolves: all members diverged");
  EXPECT_EQ(
      ComparisonText(plan_, Compare(plan_, records), records),
      "variant  runs           test %         difference     pairs  compared with  trained    seconds  sum of LRs\n"
      "cosine   2/3, 1 failed  64.00 ± 15.25  -              -      -              24 passes  10       2.5\n"
      "blend    3/3            64.20 ± 3.71   +0.50 ± 33.04  2      cosine         24 passes  10       2.5\n"
      "failed: cosine-s3: wolves: all members diverged\n");
}

TEST_F(Comparison, TablesOfASweepThatHasJustBegunHaveNoFigures) {
  const std::vector<RunRecord> records(6);
  EXPECT_THAT(ComparisonText(plan_, Compare(plan_, records), records), HasSubstr("cosine   0/3   -"));
  EXPECT_THAT(VariantsCsv(plan_, Compare(plan_, records)), HasSubstr("\ncosine,3,0,0,,,,,,,,,24,\n"));
}

TEST_F(Comparison, CsvHasALineForEachRun) {
  std::vector<RunRecord> records = complete_;
  records[5] = Failure("said \"no\", twice");
  const std::string csv = RunsCsv(plan_, records);
  EXPECT_THAT(csv, HasSubstr("run,variant,arm,seed,state,reason,test_accuracy,test_loss,fitness,seconds,"
                             "learning_rate_sum,passes,images\n"
                             "cosine-s1,cosine,cosine,1,Succeeded,,0.628,,,10,2.5,24,\n"));
  EXPECT_THAT(csv, HasSubstr("\nblend-s3,blend,blend,3,Failed,\"said \"\"no\"\", twice\",,,,,,24,\n"));
}

TEST_F(Comparison, JsonHasTheSameFigures) {
  const nlohmann::ordered_json json = SweepJson(plan_, Compare(plan_, complete_), complete_, "1.2");
  EXPECT_EQ(json["name"], "rates");
  EXPECT_EQ(json["variants"][1]["comparedWith"], "cosine");
  EXPECT_EQ(json["variants"][1]["difference"]["count"], 3);
  EXPECT_EQ(json["variants"][0]["difference"], nullptr);
  EXPECT_EQ(json["sweepRuns"][0]["testAccuracy"], 0.628);
  EXPECT_EQ(json["sweepRuns"][5]["variant"], "blend");
}

}  // namespace
}  // namespace eoa::sweep
