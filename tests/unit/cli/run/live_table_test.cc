#include "cli/run/live_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/run/screen.h"
#include "tests/unit/cli/run/view_fixture.h"

namespace eoa::local {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TableTimes Times() {
  return {.elapsed = std::chrono::seconds(52), .left = {std::chrono::seconds(70), std::chrono::seconds(75)}};
}

TEST(LiveTable, ShowsEverythingOnAWideTerminal) {
  EXPECT_THAT(RenderTable(TestJob(), TestView(), Times(), {.width = 120}),
              ElementsAre("quickstart  35 %  left 1:15  elapsed 0:52",
                          "elected wolves/1  LR 0.25  fitness 0.5  baseline 0.25  generation 4",
                          "POPULATION   GEN  STEP  IMAGES/S  LEARNING RATES    BEST  ATTEMPT  ACTIVITY  LEFT",
                          "wolves      5/12  9/36       812  0.1..0.25       0.5123        1  Training  1:10",
                          "whales      5/12  9/36       812  0.1..0.25       0.5123        1  Training  1:15"));
}

TEST(LiveTable, LeavesOutColumnsOfLessWeightOnANarrowTerminal) {
  const auto lines = RenderTable(TestJob(), TestView(), Times(), {.width = 60});
  EXPECT_THAT(lines[2], AllOf(HasSubstr("POPULATION"), HasSubstr("LEARNING RATES"), HasSubstr("BEST"),
                              HasSubstr("ACTIVITY"), Not(HasSubstr("ATTEMPT")), Not(HasSubstr("IMAGES/S"))));
}

TEST(LiveTable, NoLineIsEverWiderThanTheTerminal) {
  api::Job job = TestJob();
  job.metadata.name = std::string(63, 'j');
  broker::EcosphereView view = TestView();
  view.populations[0].name = std::string(63, 'p');
  for (int width = 1; width <= 200; ++width) {
    for (const std::string& line : RenderTable(job, view, Times(), {.width = width, .color = true})) {
      EXPECT_LE(VisibleWidth(line), width) << line;
    }
  }
}

TEST(LiveTable, HasNoEscapesWithoutColor) {
  for (const std::string& line : RenderTable(TestJob(), TestView(), Times(), {.width = 80})) {
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
  }
  EXPECT_NE(RenderTable(TestJob(), TestView(), Times(), {.width = 80, .color = true})[0].find('\x1b'),
            std::string::npos);
}

TEST(LiveTable, SaysWhatIsNotKnownYet) {
  broker::EcosphereView view;
  view.populations.resize(2);
  view.populations[0].name = "wolves";
  view.populations[0].phase = BrokerPhase::kJoining;
  view.populations[1].name = "whales";
  view.populations[1].phase = BrokerPhase::kRunning;
  const auto lines = RenderTable(TestJob(), view, {.elapsed = {}, .left = {{}, {}}}, {.width = 120});
  EXPECT_EQ(lines[0], "quickstart  0 %  left --  elapsed 0:00");
  EXPECT_EQ(lines[1], "elected: nobody yet");
  EXPECT_THAT(lines[3], HasSubstr("Joining"));
  EXPECT_THAT(lines[4], HasSubstr("Starting"));
}

TEST(LiveTable, AFinishedPopulationCountsInFull) {
  broker::EcosphereView view = TestView();
  view.populations[0].phase = BrokerPhase::kSucceeded;
  EXPECT_EQ(GenerationsDone(TestJob().spec, view.populations[0]), 12);
  EXPECT_EQ(GenerationsDone(TestJob().spec, view.populations[1]), 4.25);
  view.populations[1].phase = BrokerPhase::kSucceeded;
  EXPECT_THAT(RenderTable(TestJob(), view, Times(), {.width = 80})[0], HasSubstr("100 %"));
}

TEST(FormatRange, IsOneNumberWhenAllAreAlike) {
  EXPECT_EQ(FormatRange({}, 3), "-");
  EXPECT_EQ(FormatRange({0.2, 0.2}, 3), "0.2");
  EXPECT_EQ(FormatRange({0.3, 0.1, 0.2}, 3), "0.1..0.3");
}

}  // namespace
}  // namespace eoa::local
