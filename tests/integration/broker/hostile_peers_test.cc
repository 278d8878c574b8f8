// Peers without a token, or with a false one: they hold up nobody else.
#include <atomic>
#include <future>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/rest/broker_service.h"
#include "common/base/json_guard.h"
#include "tests/integration/broker/live_broker.h"
#include "tests/integration/net/raw_socket.h"

namespace eoa::broker {
namespace {

using net::RawSocket;
using testing::StartsWith;

constexpr const char* kStranger = "127.0.0.2";

// Knows "good". "new" is found to be good when it is reviewed; the review of any other waits for the test, and fails.
class SlowReviewer final : public TokenVerifier {
 public:
  explicit SlowReviewer(std::shared_future<void> gate) : gate_(std::move(gate)) {}
  std::optional<TokenVerdict> Known(const TokenQuestion& question) override {
    return question.token == "good" ? std::optional(TokenVerdict()) : std::nullopt;
  }
  TokenVerdict Verify(const TokenQuestion& question) override {
    if (question.token == "new") return {};
    gate_.wait();
    return UnknownToken();
  }

 private:
  std::shared_future<void> gate_;
};

class HostilePeersTest : public testing::Test {
 protected:
  HostilePeersTest() : reviewer_(gate_.get_future().share()) {
    BrokerServiceOptions options;
    options.max_connections_per_peer = 100;
    auto started = BrokerService::Start(options, reviewer_, RealClock());
    EOA_CHECK(started.ok(), "no broker");
    service_ = *std::move(started);
    for (api::PopulationSpec& population : job_.spec.populations) population.members_per_pod = 2;
    EXPECT_TRUE(service_->AddJob(job_, std::make_unique<MemoryStore>()).ok());
    EXPECT_THAT(Post("join", JoinBody(0, "a")), StartsWith("HTTP/1.1 200"));
  }
  ~HostilePeersTest() override {
    gate_.set_value();
    service_.reset();
  }

  static std::string Head(const std::string& method, const std::string& path, const std::string& more) {
    return method + " " + path + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n";
  }
  std::string JobPath(const std::string& rest) const { return "/v1/jobs/" + job_.metadata.uid + rest; }

  std::string Post(const std::string& what, const nlohmann::json& body, const std::string& token = "good") const {
    const std::string text = DumpJson(body);
    RawSocket peer = RawSocket::ConnectTo(service_->port());
    peer.Send(Head("POST", JobPath("/populations/wolves/" + what),
                   "Authorization: Bearer " + token + "\r\nContent-Length: " + std::to_string(text.size()) + "\r\n") +
              text);
    return peer.ReadAnswer();
  }

  void ExpectHeartbeatsAreAnswered() const {
    for (int i = 0; i < 20; ++i) {
      EXPECT_THAT(Post("heartbeat", HeartbeatBody(0, "a", 1)), StartsWith("HTTP/1.1 200"));
    }
  }

  api::Job job_ = LiveBroker::TwoPopulations();
  std::promise<void> gate_;
  SlowReviewer reviewer_;
  std::unique_ptr<BrokerService> service_;
};

TEST_F(HostilePeersTest, WithoutARouteOrATokenNoBodyIsReadAtAll) {
  const std::string length = "Content-Length: 1048576\r\n";
  for (const auto& [head, status] :
       {std::pair(Head("POST", "/x", length), "404"),
        std::pair(Head("POST", JobPath("/populations/wolves/heartbeat"), length), "401"),
        std::pair(Head("POST", JobPath("/ecosphere"), length), "405"),
        std::pair(Head("POST", "/v1/jobs/other/populations/wolves/join", length + "Authorization: Bearer x\r\n"),
                  "404")}) {
    RawSocket peer = RawSocket::ConnectTo(service_->port(), kStranger);
    peer.Send(head);
    EXPECT_THAT(peer.ReadAll(), StartsWith(std::string("HTTP/1.1 ") + status)) << head;
  }
}

TEST_F(HostilePeersTest, BodiesThatAreAnnouncedAndDoNotComeStopNobodysHeartbeats) {
  std::vector<RawSocket> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(RawSocket::ConnectTo(service_->port(), kStranger));
    silent.back().Send(Head("POST", JobPath("/populations/wolves/heartbeat"),
                            "Authorization: Bearer guess\r\nContent-Length: 1048576\r\n"));
  }
  ExpectHeartbeatsAreAnswered();
  RawSocket one_more = RawSocket::ConnectTo(service_->port(), kStranger);
  EXPECT_THAT(one_more.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 503")) << "nobody has all connections";
  ExpectHeartbeatsAreAnswered();
}

TEST_F(HostilePeersTest, AFloodOfFalseTokensStopsNeitherKnownOnesNorTheReviewOfOthers) {
  std::vector<RawSocket> flood;
  for (int i = 0; i < 100; ++i) {
    flood.push_back(RawSocket::ConnectTo(service_->port(), kStranger));
    flood.back().Send(Head("GET", JobPath("/ecosphere"), "Authorization: Bearer guess-" + std::to_string(i) + "\r\n"));
  }
  // One is being reviewed and 32 wait; the last is told to come again.
  EXPECT_THAT(flood.back().ReadAnswer(), StartsWith("HTTP/1.1 503"));
  ExpectHeartbeatsAreAnswered();
  EXPECT_THAT(Post("heartbeat", HeartbeatBody(0, "a", 1), "new"), StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace eoa::broker
