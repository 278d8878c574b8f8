#include "trainer/engine/agent_channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eoa::train {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// Both ends of the line; the test is the agent.
class AgentChannelTest : public ::testing::Test {
 protected:
  AgentChannelTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    agent_ = ends[0];
    channel_ = std::make_unique<AgentChannel>(ends[1], [this](ChannelEnd end, const std::string& why) {
      ended_.set_value({end, why});
    });
  }
  ~AgentChannelTest() override {
    channel_.reset();
    ::close(agent_);
  }

  void Say(const std::string& text) {
    ASSERT_EQ(::send(agent_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  std::pair<ChannelEnd, std::string> AwaitEnd() {
    auto end = ended_.get_future();
    if (end.wait_for(seconds(20)) != std::future_status::ready) return {ChannelEnd::kLost, "it has not ended"};
    return end.get();
  }

  int agent_ = -1;
  std::promise<std::pair<ChannelEnd, std::string>> ended_;
  std::unique_ptr<AgentChannel> channel_;
};

TEST_F(AgentChannelTest, HandsMessagesOutInTheOrderOfTheirArrivalHoweverTheyAreCutUp) {
  const std::string text = EncodeLine(ToWorker(MergeMessage{.generation = 3, .population = "w", .member = 1})) + "\n" +
                           EncodeLine(ToWorker(FinishMessage{.measure_test = true, .member = 2})) + "\n";
  for (const char letter : text) Say(std::string(1, letter));
  EXPECT_EQ(channel_->Await<MergeMessage>(seconds(20))->generation, 3);
  EXPECT_EQ(channel_->Await<FinishMessage>(seconds(20))->member, 2);
}

TEST_F(AgentChannelTest, AMessageOutOfTurnIsAnErrorThatShowsIt) {
  Say(EncodeLine(ToWorker(FinishMessage{})) + "\n");
  const auto message = channel_->Await<MergeMessage>(seconds(20));
  ASSERT_FALSE(message.ok());
  EXPECT_THAT(message.error().message(), HasSubstr("finish"));
}

TEST_F(AgentChannelTest, AwaitGivesUpAtItsDeadline) {
  EXPECT_EQ(channel_->Await<NextMessage>(milliseconds(10)).error().code(), ErrorCode::kDeadlineExceeded);
}

TEST_F(AgentChannelTest, StopIsHeardAtOnceByWhoeverWaits) {
  Say(EncodeLine(ToWorker(StopMessage{})) + "\n");
  EXPECT_EQ(AwaitEnd().first, ChannelEnd::kStopped);
  EXPECT_EQ(channel_->Await<NextMessage>(seconds(20)).error().code(), ErrorCode::kCancelled);
}

TEST_F(AgentChannelTest, TheAgentsEndIsNoticedAndSendingIntoItIsHarmless) {
  ::shutdown(agent_, SHUT_RDWR);
  EXPECT_EQ(AwaitEnd().first, ChannelEnd::kLost);
  channel_->Send(CheckpointedMessage{1});
}

TEST_F(AgentChannelTest, WhatIsNoMessageEndsTheConversation) {
  Say("{\"type\":\"surprise\"}\n");
  const auto [end, why] = AwaitEnd();
  EXPECT_EQ(end, ChannelEnd::kViolated);
  EXPECT_THAT(why, HasSubstr("surprise"));
}

TEST_F(AgentChannelTest, ALineWithoutEndIsCutOffAtTheBound) {
  const std::string piece(64 * 1024, ' ');
  for (std::size_t sent = 0; sent <= kMaxLineBytes; sent += piece.size()) Say(piece);
  EXPECT_EQ(AwaitEnd().first, ChannelEnd::kViolated);
}

TEST_F(AgentChannelTest, MoreMessagesThanAnybodyAskedForEndTheConversation) {
  for (int i = 0; i < 17; ++i) Say(EncodeLine(ToWorker(FinishMessage{})) + "\n");
  EXPECT_EQ(AwaitEnd().first, ChannelEnd::kViolated);
}

TEST_F(AgentChannelTest, SendWritesOneLineForEachMessage) {
  channel_->Send(CheckpointedMessage{7});
  char text[256];
  const ssize_t size = ::recv(agent_, text, sizeof text, 0);
  ASSERT_GT(size, 0);
  const std::string line(text, static_cast<std::size_t>(size));
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(std::get<CheckpointedMessage>(DecodeFromWorker(line.substr(0, line.size() - 1)).value()).generation, 7);
}

}  // namespace
}  // namespace eoa::train
