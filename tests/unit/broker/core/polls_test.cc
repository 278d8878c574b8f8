
#include "broker/core/polls.h"

#include "common/base/json_guard.h"
#include "tests/unit/broker/core/broker_fixture.h"

namespace eoa::broker {
namespace {

nlohmann::json BodyOf(const net::ServerResponse& response) { return *ParseJson(response.body); }

class PollsTest : public testing::Test {
 protected:
  void Ask(Question question, double deadline) {
    polls_.Add(std::move(question), At(deadline), net::Responder(nullptr), core_.state(), replies_);
  }
  Replies Collect(double now) {
    replies_.clear();
    polls_.Collect(core_.state(), At(now), replies_);
    const auto next = polls_.NextDeadline();
    EXPECT_TRUE(!next || *next > At(now)) << "the broker would spin";
    return replies_;
  }

  Core core_{TwoPopulations()};
  Polls polls_;
  Replies replies_;
};

TEST_F(PollsTest, AJoinIsAnsweredWhenTheAttemptStarts) {
  core_.Join(kWolves, 0, "a");
  Ask(JoinPoll{kWolves, 0, "a"}, 30);
  EXPECT_TRUE(Collect(1).empty());
  core_.Join(kWolves, 1, "b");
  const Replies replies = Collect(2);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(BodyOf(replies[0].second)["attempt"], 1);
  EXPECT_EQ(polls_.size(), 0U);
}

TEST_F(PollsTest, AJoinIsAnsweredAtItsDeadlineWithWhoIsMissing) {
  core_.Join(kWolves, 0, "a");
  Ask(JoinPoll{kWolves, 0, "a"}, 30);
  EXPECT_EQ(polls_.NextDeadline(), At(30));
  const Replies replies = Collect(30);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(BodyOf(replies[0].second)["ready"], false);
  EXPECT_EQ(BodyOf(replies[0].second)["waitingFor"], "wolves pod 1");
}

TEST_F(PollsTest, AJoinWhosePodWasReplacedIsAnsweredAtOnce) {
  core_.Join(kWolves, 0, "a");
  Ask(JoinPoll{kWolves, 0, "a"}, 30);
  core_.Join(kWolves, 0, "a2");
  const Replies replies = Collect(1);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].second.status, 409);
}

TEST_F(PollsTest, APodWaitsWithOneJoin) {
  core_.Join(kWolves, 0, "a");
  for (int i = 0; i < 5; ++i) Ask(JoinPoll{kWolves, 0, "a"}, 30 + i);
  EXPECT_EQ(polls_.size(), 1U);
  EXPECT_EQ(replies_.size(), 4U);
  EXPECT_EQ(polls_.NextDeadline(), At(34)) << "the newest stays";
}

TEST_F(PollsTest, APopulationWaitsWithAFewDecisions) {
  core_.JoinAll(kWolves);
  core_.Take(kWolves, Report(1, 0, {0.1, 0.2}));
  for (int i = 0; i < 10; ++i) Ask(DecisionPoll{kWolves, 1, 0}, 30);
  EXPECT_EQ(polls_.size(), Polls::kDecisionPolls);
  ASSERT_EQ(replies_.size(), 10 - Polls::kDecisionPolls);
  EXPECT_TRUE(BodyOf(replies_[0].second)["decision"].is_null());
}

TEST_F(PollsTest, ADecisionIsAnsweredWhenItIsMadeAndRefusedWhenTheAttemptEnds) {
  core_.JoinAll(kWolves);
  core_.JoinAll(kWhales);
  core_.Take(kWolves, Report(1, 0, {0.1, 0.2}));
  Ask(DecisionPoll{kWolves, 1, 0}, 30);
  core_.Take(kWhales, Report(1, 0, {0.1, 0.2}));
  Replies replies = Collect(1);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(BodyOf(replies[0].second)["decision"]["generation"], 0);

  core_.Take(kWolves, Report(1, 1, {0.1, 0.2}));
  Ask(DecisionPoll{kWolves, 1, 1}, 30);
  core_.Join(kWolves, 1, "newcomer");
  replies = Collect(2);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(BodyOf(replies[0].second)["reason"], "StaleAttempt");
}

}  // namespace
}  // namespace eoa::broker
