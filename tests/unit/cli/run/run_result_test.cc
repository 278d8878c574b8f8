#include "cli/run/run_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/run/view_fixture.h"

namespace eoa::local {
namespace {

using ::testing::HasSubstr;

TEST(RunResult, PrintsARowOfTheConfusionMatrixInALine) {
  RunSummary summary;
  summary.evaluation = {{"top1", 0.75}, {"confusion", {{3, 1}, {1, 3}}}};
  const nlohmann::ordered_json json = RunResultJson(TestJob(), {}, summary);
  const std::string text = RunResultText(json);
  EXPECT_THAT(text, HasSubstr("\n      [3,1],\n      [1,3]\n"));
  EXPECT_EQ(nlohmann::ordered_json::parse(text), json);
}

TEST(RunResult, TellsTheElectedItsTestAccuracyAndEveryPopulation) {
  broker::EcosphereView view = TestView();
  view.populations[0].phase = BrokerPhase::kSucceeded;
  view.populations[0].last_error = "wolves' error";
  view.populations[1].phase = BrokerPhase::kFailed;
  view.populations[0].finished = api::FinishRequest{};
  view.populations[0].finished->test_accuracy = 0.6125;
  view.populations[0].finished->test_images = 1000;
  RunSummary summary;
  summary.verdict.outcome = Outcome::kFailed;
  summary.verdict.reason = "whales: lost";
  summary.duration = std::chrono::milliseconds(1500);
  summary.version = "0.1.0";
  const nlohmann::ordered_json json = RunResultJson(TestJob(), view, summary);
  EXPECT_EQ(json["name"], "quickstart");
  EXPECT_EQ(json["seed"], 42);
  EXPECT_EQ(json["outcome"], "Failed");
  EXPECT_EQ(json["elected"]["population"], "wolves");
  EXPECT_EQ(json["elected"]["learningRate"], 0.25);
  EXPECT_EQ(json["baseline"], 0.25);
  EXPECT_EQ(json["testAccuracy"], 0.6125);
  EXPECT_EQ(json["testImages"], 1000);
  EXPECT_EQ(json["generations"], 4);
  EXPECT_EQ(json["populations"].size(), 2U);
  EXPECT_THAT(json["populations"][1]["error"].get<std::string>(), HasSubstr("whales"));
  EXPECT_EQ(json["durationSeconds"], 1.5);
}

TEST(RunResult, BeforeTheFirstElectionTheFieldsAreNullNotMissing) {
  const nlohmann::ordered_json json = RunResultJson(TestJob(), {}, {});
  EXPECT_TRUE(json.at("elected").is_null());
  EXPECT_TRUE(json.at("baseline").is_null());
  EXPECT_TRUE(json.at("testAccuracy").is_null());
}

}  // namespace
}  // namespace eoa::local
