#include "trainer/agent/broker_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_guard.h"
#include "common/base/mutex.h"
#include "common/net/cpprest/cpprest_client.h"
#include "common/net/http_server.h"

namespace eoa::agent {
namespace {

using ::testing::HasSubstr;

// A server that answers everything in one way and remembers what it was asked.
class BrokerClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = net::HttpServer::Start({}, [this](net::ServerRequest request, const net::Responder& responder) {
      const MutexLock lock(mutex_);
      request_ = std::move(request);
      responder.Respond(answer_);
    });
    ASSERT_TRUE(server.ok()) << server.error().ToString();
    server_ = *std::move(server);
    client_.emplace(
        BrokerAddress{"http://127.0.0.1:" + std::to_string(server_->port()), "uid 1", "wolves"},
        [] { return Result<std::string>(std::string("secret")); }, *http_);
  }

  void Answer(int status, std::string body) {
    const MutexLock lock(mutex_);
    answer_.status = status;
    answer_.body = std::move(body);
  }

  Mutex mutex_;
  net::ServerResponse answer_ GUARDED_BY(mutex_);
  net::ServerRequest request_ GUARDED_BY(mutex_);
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient({});
  std::unique_ptr<net::HttpServer> server_;
  std::optional<BrokerClient> client_;
};

TEST_F(BrokerClientTest, SendsATokenAndWhatItIsAboutAndReadsTheAnswer) {
  Answer(200, DumpJson(api::ToJson(api::ReportAnswer{.late = true})));
  api::ReportRequest report;
  report.attempt = 2;
  report.generation = 5;
  report.members = {{0, 0.1, 0.5, 1.0}};
  const auto answer = client_->Report(report, nullptr);
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_TRUE(answer->late);
  const MutexLock lock(mutex_);
  EXPECT_EQ(request_.method, "POST");
  EXPECT_EQ(request_.path, (std::vector<std::string>{"v1", "jobs", "uid 1", "populations", "wolves", "report"}));
  EXPECT_EQ(request_.headers.Get("Authorization"), "Bearer secret");
  EXPECT_EQ(request_.body, DumpJson(api::ToJson(report)));
}

TEST_F(BrokerClientTest, AsksForADecisionByQuery) {
  Answer(200, DumpJson(api::ToJson(api::DecisionAnswer{})));
  const auto answer = client_->Decision(3, 7, 20, nullptr);
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_FALSE(answer->decision.has_value());
  const MutexLock lock(mutex_);
  EXPECT_EQ(request_.query.at("attempt"), "3");
  EXPECT_EQ(request_.query.at("generation"), "7");
  EXPECT_EQ(request_.query.at("waitSeconds"), "20");
}

TEST_F(BrokerClientTest, ProblemsBecomeErrorsThatSayWhatToDo) {
  const auto code = [&](int status, const std::string& reason) {
    Answer(status, DumpJson(nlohmann::json{{"status", status}, {"reason", reason}, {"detail", "a detail"}}));
    const Status finished = client_->Finish({}, nullptr);
    EXPECT_THAT(finished.error().message(), HasSubstr(reason + ": a detail"));
    return finished.error().code();
  };
  EXPECT_EQ(code(409, "StaleAttempt"), ErrorCode::kAborted);
  EXPECT_EQ(code(409, "NotJoined"), ErrorCode::kAborted);
  EXPECT_EQ(code(409, "ConflictingReport"), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(code(400, "InvalidBody"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(401, "Unauthorized"), ErrorCode::kUnauthenticated);
  EXPECT_EQ(code(404, "UnknownJob"), ErrorCode::kNotFound);
  EXPECT_EQ(code(429, "TooManyRequests"), ErrorCode::kResourceExhausted);
  EXPECT_EQ(code(503, "Unavailable"), ErrorCode::kUnavailable);
}

TEST_F(BrokerClientTest, AnAnswerThatIsNotTheProtocolIsAnError) {
  Answer(200, "<html>");
  EXPECT_FALSE(client_->Heartbeat({}, nullptr).ok());
  Answer(502, "<html>");
  EXPECT_EQ(client_->Heartbeat({}, nullptr).error().code(), ErrorCode::kUnavailable);
}

TEST_F(BrokerClientTest, ABrokerThatIsNotThereIsUnavailable) {
  server_.reset();
  EXPECT_EQ(client_->Heartbeat({}, nullptr).error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace eoa::agent
