#include "cli/report/export_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/evolve/rates.h"
#include "tests/unit/cli/report/report_fixture.h"

namespace eoa::report {
namespace {

using testing::HasSubstr;

Result<std::string> Export(ScheduleFormat format, const SchedulePath& path = {}) {
  const ReportInput input = TestRun();
  return ExportSchedule(input.job, ViewOf(input).value(), path, format);
}

TEST(ExportSchedule, WhatTrainedTheModelIsReplayed) {
  const auto rates = evolve::ParseSchedule(Export(ScheduleFormat::kCsv).value());
  ASSERT_TRUE(rates.ok()) << rates.error().ToString();
  ASSERT_EQ(rates->size(), 3U);
  for (const double rate : *rates) EXPECT_DOUBLE_EQ(rate, (0.1 + 0.11 + 0.12 + 0.3 + 0.31) / 5);
}

TEST(ExportSchedule, AMembersPathIsReplayedToo) {
  const auto rates = evolve::ParseSchedule(Export(ScheduleFormat::kCsv, {"whales", 1}).value());
  ASSERT_TRUE(rates.ok()) << rates.error().ToString();
  EXPECT_EQ(*rates, std::vector<double>(3, 0.3 + 0.01));
}

TEST(ExportSchedule, SaysHowLongAGenerationIs) {
  EXPECT_THAT(Export(ScheduleFormat::kPython).value(), HasSubstr("PER_GENERATION = 2  # epochs"));
  const auto json = nlohmann::json::parse(Export(ScheduleFormat::kJson).value());
  EXPECT_EQ(json["unit"], "epoch");
  EXPECT_EQ(json["unitsPerGeneration"], 2);
}

TEST(ExportSchedule, WhatIsNotThereIsSaid) {
  EXPECT_THAT(Export(ScheduleFormat::kCsv, {"sharks", 0}).error().message(), HasSubstr("no population 'sharks'"));
  EXPECT_THAT(Export(ScheduleFormat::kCsv, {"wolves", 3}).error().message(), HasSubstr("members 0 to 2"));
  const ReportInput fresh = TestRun(0);
  const auto none = ExportSchedule(fresh.job, ViewOf(fresh).value(), {}, ScheduleFormat::kCsv);
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(ParseScheduleFormat("yaml").error().message(), HasSubstr("csv, json, python, pytorch-lambda"));
}

}  // namespace
}  // namespace eoa::report
