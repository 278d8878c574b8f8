#include "cli/run/event_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/run/view_fixture.h"

namespace eoa::local {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EventLines, NothingHappenedBetweenEqualViews) {
  const EventLines lines = DescribeChanges(TestJob(), TestView(), TestView());
  EXPECT_THAT(lines.rounds, IsEmpty());
  EXPECT_THAT(lines.others, IsEmpty());
}

TEST(EventLines, EachGenerationIsOneLine) {
  const broker::EcosphereView before = TestView();
  broker::EcosphereView after = before;
  after.rounds.push_back(TestRound(4));
  after.rounds.back().decision.missing = {"ants"};
  EXPECT_THAT(
      DescribeChanges(TestJob(), before, after).rounds,
      ElementsAre("generation 5/12: elected wolves/1, LR 0.25, fitness 0.5, baseline 0.25; wolves LR 0.1..0.25 fitness "
                  "0.4..0.5 812 images/s; whales LR 1e-06..0.333 fitness 0.2..0.3 812 images/s; without ants"));
}

TEST(EventLines, AttemptsAndWhatEndedTheLastOne) {
  const broker::EcosphereView before = TestView();
  broker::EcosphereView after = before;
  after.populations[1].attempt = 2;
  after.populations[1].generation = 3;
  after.populations[1].last_error = "member 2 ended with signal 9 (Killed)";
  EXPECT_THAT(DescribeChanges(TestJob(), before, after).others,
              ElementsAre("whales: attempt 2 starts at generation 4 after: member 2 ended with signal 9 (Killed)"));
}

TEST(EventLines, EndsAndWhy) {
  const broker::EcosphereView before = TestView();
  broker::EcosphereView after = before;
  after.populations[0].phase = BrokerPhase::kSucceeded;
  after.populations[0].finished = api::FinishRequest{};
  after.populations[0].finished->test_accuracy = 0.6125;
  after.populations[1].phase = BrokerPhase::kFailed;
  after.populations[1].finished = api::FinishRequest{};
  after.populations[1].finished->error = "member 0: DATA_LOSS: cut";
  EXPECT_THAT(DescribeChanges(TestJob(), before, after).others,
              ElementsAre("wolves: finished, test accuracy 0.6125", "whales: failed: member 0: DATA_LOSS: cut"));
}

}  // namespace
}  // namespace eoa::local
