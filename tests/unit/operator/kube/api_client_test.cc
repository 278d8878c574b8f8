// The client against scripted answers: what is sent, what is waited, and which error comes of what.
#include "operator/kube/api_client.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_guard.h"
#include "tests/fakes/fake_clock.h"
#include "tests/temporary_directory.h"

namespace eoa::kube {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using namespace std::chrono_literals;

// Gives answers in turn and remembers what it was asked.
class AnsweringHttp final : public net::HttpClient {
 public:
  Result<net::Response> Send(const net::Request& request, net::Cancellation* /*cancellation*/) override {
    requests.push_back(request);
    if (answers.empty()) return UnavailableError("no answer was prepared");
    Result<net::Response> answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  Result<net::Response> Stream(const net::Request& request, const net::BodySink& sink,
                               net::Cancellation* cancellation) override {
    Result<net::Response> answer = Send(request, cancellation);
    if (answer.ok() && answer->status < 300) EOA_RETURN_IF_ERROR(sink(answer->body));
    return answer;
  }

  std::deque<Result<net::Response>> answers;
  std::vector<net::Request> requests;
};

net::Response Answer(int status, const json& body, net::Headers headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = DumpJson(body)};
}

json Problem(const std::string& reason, const std::string& message = "the server's words") {
  return {{"kind", "Status"}, {"reason", reason}, {"message", message}};
}

class ApiClientTest : public testing::Test {
 protected:
  ApiClient Client(ApiClientOptions options = {}) { return {{.server = "https://api:6443"}, http_, clock_, options}; }

  AnsweringHttp http_;
  FakeClock clock_;
};

TEST_F(ApiClientTest, KeepsTheServersMessageAndTellsErrorsApart) {
  const auto code = [](int status, const std::string& reason) {
    const Error error = ErrorOfApiAnswer(Answer(status, Problem(reason)));
    EXPECT_THAT(error.message(), HasSubstr("the server's words"));
    return error.code();
  };
  EXPECT_EQ(code(400, "BadRequest"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(401, "Unauthorized"), ErrorCode::kUnauthenticated);
  EXPECT_EQ(code(403, "Forbidden"), ErrorCode::kPermissionDenied);
  EXPECT_EQ(code(404, "NotFound"), ErrorCode::kNotFound);
  EXPECT_EQ(code(409, "AlreadyExists"), ErrorCode::kAlreadyExists);
  EXPECT_EQ(code(409, "Conflict"), ErrorCode::kAborted);
  EXPECT_EQ(code(410, "Expired"), ErrorCode::kOutOfRange);
  EXPECT_EQ(code(422, "Invalid"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(429, "TooManyRequests"), ErrorCode::kResourceExhausted);
  EXPECT_EQ(code(500, "InternalError"), ErrorCode::kUnavailable);
  EXPECT_EQ(code(504, "Timeout"), ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(ErrorOfApiAnswer({.status = 503, .headers = {}, .body = "plain text"}).message(),
              HasSubstr("plain text"));
}

TEST_F(ApiClientTest, BuildsThePathsOfTheApi) {
  EXPECT_EQ(ResourcePath(kPods, "ns", "p"), "/api/v1/namespaces/ns/pods/p");
  EXPECT_EQ(ResourcePath(kPods, ""), "/api/v1/pods");
  EXPECT_EQ(ResourcePath(kStatefulSets, "ns", "s", "scale"), "/apis/apps/v1/namespaces/ns/statefulsets/s/scale");
  EXPECT_EQ(ResourcePath(kTokenReviews, "ns"), "/apis/authentication.k8s.io/v1/tokenreviews");
  EXPECT_EQ(ResourcePath(kPods, "a/b"), "/api/v1/namespaces/a%2Fb/pods");
}

TEST_F(ApiClientTest, WaitsAsLongAsTheServerAsksAndThenTriesAgain) {
  http_.answers.push_back(Answer(429, Problem("TooManyRequests"), {{"Retry-After", "3"}}));
  http_.answers.push_back(Answer(503, Problem("ServiceUnavailable"), {{"Retry-After", "1"}}));
  http_.answers.push_back(Answer(201, {{"kind", "Pod"}}));
  ApiClient client = Client();
  const SteadyTime begin = clock_.SteadyNow();
  ASSERT_TRUE(client.Create(kPods, {{"metadata", {{"name", "p"}, {"namespace", "ns"}}}}).ok());
  EXPECT_EQ(clock_.SteadyNow() - begin, 4s);
  EXPECT_EQ(client.stats().retries, 2U);
}

TEST_F(ApiClientTest, DoesNotRepeatWhatTheServerDidNotAskToBeRepeated) {
  http_.answers.push_back(Answer(500, Problem("InternalError")));
  http_.answers.push_back(Answer(200, json::object()));
  EXPECT_FALSE(Client().Get(kPods, {"ns", "p"}).ok());
  EXPECT_EQ(http_.requests.size(), 1U);
}

TEST_F(ApiClientTest, LeavesAVersionThatTheServerDoesNotHaveYetToTheCaller) {
  http_.answers.push_back(Answer(504, Problem("Timeout", "Too large resource version"), {{"Retry-After", "1"}}));
  EXPECT_EQ(Client().List(kPods, {.resource_version = "9"}).error().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(http_.requests.size(), 1U);
}

TEST_F(ApiClientTest, DoesNotWaitBeyondTheDeadline) {
  http_.answers.push_back(Answer(429, Problem("TooManyRequests"), {{"Retry-After", "20"}}));
  const SteadyTime begin = clock_.SteadyNow();
  EXPECT_EQ(Client().Get(kPods, {"ns", "p"}).error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(clock_.SteadyNow(), begin);
}

TEST_F(ApiClientTest, StopsRepeatingAfterTenTimes) {
  for (int i = 0; i < 20; ++i) {
    http_.answers.push_back(Answer(429, Problem("TooManyRequests"), {{"Retry-After", "0"}}));
  }
  EXPECT_FALSE(Client().Get(kPods, {"ns", "p"}).ok());
  EXPECT_EQ(http_.requests.size(), 11U);
}

TEST_F(ApiClientTest, IgnoresARetryAfterThatIsNoNumberOfSeconds) {
  for (const char* nonsense : {"", "-1", "1e3", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999999999999999"}) {
    http_.requests.clear();
    http_.answers = {Answer(429, Problem("TooManyRequests"), {{"Retry-After", nonsense}})};
    EXPECT_FALSE(Client().Get(kPods, {"ns", "p"}).ok());
    EXPECT_EQ(http_.requests.size(), 1U) << nonsense;
  }
}

TEST_F(ApiClientTest, ReadsTheTokenAgainWhenItIsRejected) {
  TemporaryDirectory directory;
  CredentialSources sources;
  sources.token.file = JoinPath(directory.path(), "token");
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(sources.token.file, "old").ok());
  auto credentials = Credentials::Load(sources, RealFileSystem(), clock_);
  ASSERT_TRUE(credentials.ok());
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(sources.token.file, "new").ok());
  http_.answers = {Answer(401, Problem("Unauthorized")), Answer(200, json::object())};
  ApiClient client({.server = "https://api", .credentials = *credentials}, http_, clock_);
  EXPECT_TRUE(client.Get(kPods, {"ns", "p"}).ok());
  ASSERT_EQ(http_.requests.size(), 2U);
  EXPECT_EQ(http_.requests[0].headers.Get("Authorization"), "Bearer old");
  EXPECT_EQ(http_.requests[1].headers.Get("Authorization"), "Bearer new");
  http_.answers = {Answer(401, Problem("Unauthorized")), Answer(401, Problem("Unauthorized"))};
  EXPECT_EQ(client.Get(kPods, {"ns", "p"}).error().code(), ErrorCode::kUnauthenticated);
  EXPECT_EQ(http_.requests.size(), 4U);
}

TEST_F(ApiClientTest, KeepsToItsOwnRate) {
  ApiClient client = Client({.requests_per_second = 10, .burst = 2});
  for (int i = 0; i < 12; ++i) http_.answers.push_back(Answer(200, json::object()));
  const SteadyTime begin = clock_.SteadyNow();
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(client.Get(kPods, {"ns", "p"}).ok());
  EXPECT_NEAR(ToSeconds(clock_.SteadyNow() - begin), 1.0, 0.01);
  EXPECT_NEAR(client.stats().limiter_seconds, 1.0, 0.01);
}

TEST_F(ApiClientTest, AsksForAPageAndFillsInWhatListsLeaveOut) {
  http_.answers.push_back(Answer(200, {{"metadata", {{"resourceVersion", "7"}, {"continue", "next"}}},
                                       {"items", {{{"metadata", {{"name", "p"}}}}}}}));
  const Result<ObjectList> list =
      Client().List(kStatefulSets, {.name_space = "ns", .label_selector = "a=b", .limit = 500});
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(http_.requests[0].url,
            "https://api:6443/apis/apps/v1/namespaces/ns/statefulsets?labelSelector=a%3Db&limit=500");
  EXPECT_EQ(list->resource_version, "7");
  EXPECT_EQ(list->continue_token, "next");
  EXPECT_EQ(list->items[0]["kind"], "StatefulSet");
}

TEST_F(ApiClientTest, RefusesAnswersThatTheApiDoesNotPromise) {
  const auto code = [&](const std::string& body) {
    http_.answers = {net::Response{.status = 200, .headers = {}, .body = body}};
    return Client().List(kPods, {}).error().code();
  };
  EXPECT_EQ(code("{"), ErrorCode::kDataLoss);
  EXPECT_EQ(code("[]"), ErrorCode::kDataLoss);
  EXPECT_EQ(code("{}"), ErrorCode::kDataLoss);
  EXPECT_EQ(code(R"({"items":7})"), ErrorCode::kDataLoss);
}

TEST_F(ApiClientTest, AppliesByForceWithItsName) {
  http_.answers.push_back(Answer(200, json::object()));
  ASSERT_TRUE(Client().Apply(kServices, {{"metadata", {{"name", "s"}, {"namespace", "ns"}}}}, "eoa-operator").ok());
  EXPECT_EQ(http_.requests[0].method, "PATCH");
  EXPECT_EQ(http_.requests[0].url,
            "https://api:6443/api/v1/namespaces/ns/services/s?fieldManager=eoa-operator&force=true");
  EXPECT_EQ(http_.requests[0].headers.Get("Content-Type"), "application/apply-patch+yaml");
}

TEST_F(ApiClientTest, DeletesTheObjectThatWasMeantAndAcceptsThatItIsGone) {
  http_.answers.push_back(Answer(404, Problem("NotFound")));
  EXPECT_TRUE(Client().Delete(kPods, {"ns", "p"}, {.uid = "u", .propagation = "Foreground"}).ok());
  const json body = *ParseJson(http_.requests[0].body);
  EXPECT_EQ(body["preconditions"]["uid"], "u");
  EXPECT_EQ(body["propagationPolicy"], "Foreground");
}

TEST_F(ApiClientTest, HandsErrorEventsOfAWatchOverAsTheyAre) {
  http_.answers.push_back(net::Response{.status = 200,
                                        .headers = {},
                                        .body = R"({"type":"ERROR","object":{"kind":"Status","code":410}})"
                                                "\n"});
  std::vector<json> events;
  ASSERT_TRUE(Client()
                  .Watch(kPods, {.resource_version = "5", .timeout = 300s, .silence = 90s},
                         [&](json event) {
                           events.push_back(std::move(event));
                           return OkStatus();
                         })
                  .ok());
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["object"]["code"], 410);
  EXPECT_THAT(http_.requests[0].url, HasSubstr("watch=true&resourceVersion=5&timeoutSeconds=300&allowWatchBookmarks"));
  EXPECT_EQ(http_.requests[0].silence, 90s);
}

TEST_F(ApiClientTest, DoesNotHoldAWatchThatTheServerPutsOff) {
  http_.answers.push_back(Answer(429, Problem("TooManyRequests"), {{"Retry-After", "1"}}));
  const auto sink = [](const json&) { return OkStatus(); };
  EXPECT_EQ(Client().Watch(kPods, {}, sink).error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(http_.requests.size(), 1U);
}

TEST_F(ApiClientTest, CountsAnswersByCodeAndMethod) {
  ApiClient client = Client();
  http_.answers = {Answer(200, json::object()), Answer(404, Problem("NotFound")), UnavailableError("refused")};
  for (int i = 0; i < 3; ++i) (void)client.Get(kPods, {"ns", "p"});
  const ApiClientStats stats = client.stats();
  EXPECT_EQ(stats.host, "api:6443");
  EXPECT_EQ((stats.requests.at({"200", "GET"})), 1U);
  EXPECT_EQ((stats.requests.at({"404", "GET"})), 1U);
  EXPECT_EQ((stats.requests.at({"<error>", "GET"})), 1U);
}

}  // namespace
}  // namespace eoa::kube
