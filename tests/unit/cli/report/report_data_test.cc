#include "cli/report/report_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/report/report_fixture.h"

namespace eoa::report {
namespace {

TEST(ReportData, HoldsEveryMemberElectionAndRestart) {
  const auto data = ReportData(TestRun());
  ASSERT_TRUE(data.ok()) << data.error().ToString();
  EXPECT_EQ((*data)["name"], "seen");
  EXPECT_EQ((*data)["state"], "Running");
  EXPECT_EQ((*data)["generations"], 4);
  ASSERT_EQ((*data)["rounds"].size(), 3U);
  const auto& round = (*data)["rounds"][1];
  EXPECT_EQ(round["elected"]["population"], "whales");
  EXPECT_EQ(round["elected"]["learningRate"], 0.3 + 0.01);
  EXPECT_EQ(round["reports"][0]["members"].size(), 3U);
  EXPECT_EQ(round["reports"][1]["members"][0]["trainLoss"], 1.0);
  EXPECT_EQ(round["reports"][1]["members"][0]["fitnessLoss"], nullptr);
  EXPECT_EQ(round["reports"][1]["members"][1]["fitnessLoss"], 1.5);
  EXPECT_EQ(round["reports"][0]["waitSeconds"], 1.75) << "the wolves were first";
  EXPECT_EQ(round["reports"][1]["waitSeconds"], 0.25);
  ASSERT_EQ((*data)["restarts"].size(), 1U);
  EXPECT_EQ((*data)["restarts"][0].dump(), R"({"populations":["whales"],"attempt":2,"generation":2})");
  EXPECT_EQ((*data)["populations"][0]["algorithm"], "Grey Wolf, step Canonical, 0.25");
}

TEST(ReportData, SaysNoWaitForAReportThatCameAfterTheElection) {
  ReportInput input = TestRun(1);
  input.events.pop_back();                                                // the restart
  std::swap(input.events.back(), input.events[input.events.size() - 2]);  // the election and the whales' report
  const auto data = ReportData(input);
  ASSERT_TRUE(data.ok()) << data.error().ToString();
  const auto& reports = (*data)["rounds"][0]["reports"];
  EXPECT_EQ(reports[0]["waitSeconds"], 1.75);
  EXPECT_EQ(reports[1]["waitSeconds"], nullptr);
}

TEST(ReportData, TakesItsStateFromTheResult) {
  ReportInput input = TestRun();
  input.result = {{"outcome", "Failed"}, {"reason", "no disk"}};
  const auto data = ReportData(input);
  EXPECT_EQ((*data)["state"], "Failed");
  EXPECT_EQ((*data)["result"]["reason"], "no disk");
}

TEST(ReportData, EventsOfAnotherJobAreRefused) {
  ReportInput input = TestRun();
  input.events.push_back(broker::ReportAccepted{"sharks", TestReport(0, 2, 0.1)});
  const auto data = ReportData(input);
  ASSERT_FALSE(data.ok());
  EXPECT_EQ(data.error().code(), ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace eoa::report
