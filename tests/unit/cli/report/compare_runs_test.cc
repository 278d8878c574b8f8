#include "cli/report/compare_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/report/report_fixture.h"

namespace eoa::report {
namespace {

TEST(ComparisonTable, HasALineForEachRunEvenOfOneThatHasJustBegun) {
  ReportInput ended = TestRun();
  ended.result = {{"outcome", "Succeeded"}, {"testAccuracy", 0.75}, {"durationSeconds", 12.5}};
  const std::string table =
      ComparisonTable({{"a", ReportData(ended).value()}, {"longer", ReportData(TestRun(0)).value()}});
  EXPECT_EQ(
      table,
      "run     state      generations  test  best fitness  last fitness  last LR  seconds  images/s  restarts  seed  "
      "populations\n"
      "a       Succeeded  3/4          0.75  0.72          0.72          0.12     12.5     200       1         42    "
      "Grey Wolf x3 + Whale x2\n"
      "longer  Running    0/4          -     -             -             -        -        -         1         42    "
      "Grey Wolf x3 + Whale x2\n");
}

}  // namespace
}  // namespace eoa::report
