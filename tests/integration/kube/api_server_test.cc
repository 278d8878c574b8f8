// The API client over real sockets against the scripted API server: what it gives back, and how it bears the faults
// that a real server cannot be asked for.
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/cpprest/cpprest_client.h"
#include "operator/kube/api_client.h"
#include "tests/fakes/scripted_api_server.h"

namespace eoa::kube {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;
using Kind = ApiFault::Kind;

json ConfigMap(const std::string& name, const json& data = {{"k", "v"}}) {
  return {
      {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}, {"namespace", "ns"}}}, {"data", data}};
}

std::string VersionOf(const json& object) { return object["metadata"]["resourceVersion"]; }

class ApiServerTest : public testing::Test {
 protected:
  ObjectKey Key(const std::string& name) { return {"ns", name}; }

  // Collects "TYPE name" until the watch ends or `count` events are there.
  Status Watch(const std::string& version, std::size_t count, std::vector<std::string>& seen, Duration timeout = 5s,
               net::Cancellation* cancellation = nullptr) {
    return client_.Watch(
        kConfigMaps, {.name_space = "ns", .resource_version = version, .timeout = timeout},
        [&](const json& event) -> Status {
          const json& object = event["object"];
          seen.push_back(event["type"].get<std::string>() + " " +
                         (event["type"] == "ERROR" ? object["reason"] : object["metadata"]["name"]).get<std::string>());
          if (seen.size() >= count) return CancelledError("enough");
          return OkStatus();
        },
        cancellation);
  }

  ScriptedApiServer server_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient();
  ApiClient client_{{.server = server_.url()}, *http_, RealClock(), {.timeout = 3s}};
};

TEST_F(ApiServerTest, MakesReadsChangesAndDeletesAnObject) {
  const Result<json> made = client_.Create(kConfigMaps, ConfigMap("a"));
  ASSERT_TRUE(made.ok()) << made.error().ToString();
  EXPECT_EQ(client_.Create(kConfigMaps, ConfigMap("a")).error().code(), ErrorCode::kAlreadyExists);
  json changed = *client_.Get(kConfigMaps, Key("a"));
  changed["data"]["k"] = "w";
  ASSERT_TRUE(client_.Update(kConfigMaps, changed).ok());
  EXPECT_EQ(client_.Update(kConfigMaps, changed).error().code(), ErrorCode::kAborted);
  EXPECT_EQ((*client_.MergePatch(kConfigMaps, Key("a"), {{"data", {{"k", nullptr}}}}))["data"], json::object());
  EXPECT_EQ(client_.Delete(kConfigMaps, Key("a"), {.uid = "another"}).error().code(), ErrorCode::kAborted);
  ASSERT_TRUE(client_.Delete(kConfigMaps, Key("a")).ok());
  EXPECT_EQ(client_.Get(kConfigMaps, Key("a")).error().code(), ErrorCode::kNotFound);
}

TEST_F(ApiServerTest, AppliesWhatIsWantedAndTakesBackWhatIsWantedNoMore) {
  ASSERT_TRUE(client_.Apply(kConfigMaps, ConfigMap("a", {{"x", "1"}, {"y", "2"}}), "eoa").ok());
  ASSERT_TRUE(client_.MergePatch(kConfigMaps, Key("a"), {{"data", {{"z", "theirs"}}}}).ok());
  const Result<json> again = client_.Apply(kConfigMaps, ConfigMap("a", {{"x", "1"}}), "eoa");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ((*again)["data"], (json{{"x", "1"}, {"z", "theirs"}}));
  const Result<json> same = client_.Apply(kConfigMaps, ConfigMap("a", {{"x", "1"}}), "eoa");
  EXPECT_EQ(VersionOf(*same), VersionOf(*again));
}

TEST_F(ApiServerTest, ListsByPagesOfOneVersion) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client_.Create(kConfigMaps, ConfigMap("m" + std::to_string(i))).ok());
  ListOptions options{.name_space = "ns", .limit = 2};
  std::set<std::string> names;
  std::set<std::string> versions;
  do {
    const Result<ObjectList> page = client_.List(kConfigMaps, options);
    ASSERT_TRUE(page.ok());
    for (const json& item : page->items) names.insert(item["metadata"]["name"]);
    versions.insert(page->resource_version);
    options.continue_token = page->continue_token;
    ASSERT_TRUE(client_.Create(kConfigMaps, ConfigMap("late" + std::to_string(names.size()))).ok());
  } while (!options.continue_token.empty());
  EXPECT_EQ(names.size(), 5U);
  EXPECT_EQ(versions.size(), 1U);
  server_.objects().ForgetHistory();
  options.continue_token = "page-1";
  EXPECT_EQ(client_.List(kConfigMaps, options).error().code(), ErrorCode::kOutOfRange);
}

TEST_F(ApiServerTest, WatchesFromAVersionOn) {
  const json first = *client_.Create(kConfigMaps, ConfigMap("a"));
  ASSERT_TRUE(client_.MergePatch(kConfigMaps, Key("a"), {{"data", {{"k", "w"}}}}).ok());
  auto later = std::async(std::launch::async, [&] {
    ASSERT_TRUE(client_.Create(kConfigMaps, ConfigMap("b")).ok());
    ASSERT_TRUE(client_.Delete(kConfigMaps, Key("a")).ok());
  });
  std::vector<std::string> seen;
  EXPECT_EQ(Watch(VersionOf(first), 3, seen).error().code(), ErrorCode::kCancelled);
  EXPECT_THAT(seen, ElementsAre("MODIFIED a", "ADDED b", "DELETED a"));
}

TEST_F(ApiServerTest, EndsAWatchInOrderWhenTheServerDoes) {
  const json first = *client_.Create(kConfigMaps, ConfigMap("a"));
  std::vector<std::string> seen;
  EXPECT_TRUE(client_
                  .Watch(kConfigMaps, {.name_space = "ns", .resource_version = VersionOf(first), .timeout = 1s},
                         [&](const json& event) {
                           seen.push_back(event["type"]);
                           return OkStatus();
                         })
                  .ok());
  EXPECT_THAT(seen, ElementsAre("BOOKMARK"));
}

TEST_F(ApiServerTest, TellsAVersionThatIsTooOldBeforeAndWithinAWatch) {
  const json first = *client_.Create(kConfigMaps, ConfigMap("a"));
  server_.objects().ForgetHistory();
  std::vector<std::string> seen;
  EXPECT_EQ(Watch(VersionOf(first), 1, seen).error().code(), ErrorCode::kOutOfRange);
  EXPECT_TRUE(seen.empty());
  server_.Inject({.kind = Kind::kError, .target = "watch=true", .status = 410, .reason = "Expired"});
  EXPECT_TRUE(Watch(std::to_string(server_.objects().version()), 9, seen).ok());
  EXPECT_THAT(seen, ElementsAre("ERROR Expired"));
}

TEST_F(ApiServerTest, NeverTakesPartOfAnEventForOneWhereverTheStreamIsTorn) {
  const json first = *client_.Create(kConfigMaps, ConfigMap("a"));
  ASSERT_TRUE(client_.Create(kConfigMaps, ConfigMap("b")).ok());
  const std::size_t size = 300;  // about what the event takes
  std::size_t whole = 0;
  for (std::size_t bytes = 1; bytes < size; bytes += 7) {
    server_.Inject({.kind = Kind::kTear, .target = "watch=true", .bytes = bytes});
    std::vector<std::string> seen;
    const Status ended = Watch(VersionOf(first), 1, seen, 5s);
    ASSERT_FALSE(ended.ok());
    if (ended.error().code() == ErrorCode::kCancelled) {
      ++whole;
      EXPECT_THAT(seen, ElementsAre("ADDED b"));
      server_.Heal();
    } else {
      EXPECT_TRUE(seen.empty());
    }
  }
  EXPECT_LT(whole, 10U);
}

TEST_F(ApiServerTest, GivesUpAnAnswerThatNeverComes) {
  server_.Inject({.kind = Kind::kSilent});
  const SteadyTime begin = RealClock().SteadyNow();
  EXPECT_EQ(client_.Get(kConfigMaps, Key("a"), {.timeout = 300ms}).error().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_LT(RealClock().SteadyNow() - begin, 3s);
}

TEST_F(ApiServerTest, EndsASilentWatchWhenItIsCancelled) {
  server_.Inject({.kind = Kind::kSilent, .target = "watch=true"});
  net::Cancellation cancellation;
  std::vector<std::string> seen;
  auto watch = std::async(std::launch::async, [&] { return Watch("1000", 1, seen, 60s, &cancellation); });
  while (server_.CountRequests("GET", "watch=true") == 0) RealClock().SleepFor(5ms);
  cancellation.Cancel();
  ASSERT_EQ(watch.wait_for(5s), std::future_status::ready);
  EXPECT_EQ(watch.get().error().code(), ErrorCode::kCancelled);
}

TEST_F(ApiServerTest, NoticesAServerThatHasFallenSilent) {
  server_.Inject({.kind = Kind::kSilent, .target = "watch=true"});
  net::Request request;
  request.url = server_.url() + "/api/v1/pods?watch=true&resourceVersion=1000";
  request.timeout = 60s;
  request.silence = 300ms;
  const SteadyTime begin = RealClock().SteadyNow();
  const auto answer = http_->Stream(request, [](std::string_view) { return OkStatus(); });
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_LT(RealClock().SteadyNow() - begin, 5s);
}

TEST_F(ApiServerTest, WaitsWhenItIsToldTo) {
  server_.Inject({.status = 429, .reason = "TooManyRequests", .retry_after = 1});
  const SteadyTime begin = RealClock().SteadyNow();
  EXPECT_TRUE(client_.Create(kConfigMaps, ConfigMap("a")).ok());
  EXPECT_GE(RealClock().SteadyNow() - begin, 1s);
  EXPECT_EQ(server_.CountRequests("POST", "configmaps"), 2U);
}

TEST_F(ApiServerTest, LeavesAWriteWhoseAnswerWasLostToTheCaller) {
  server_.Inject({.kind = Kind::kReset, .method = "POST"});
  // The HTTP library may repeat it by itself: then the answer says that it is there already.
  const ErrorCode code = client_.Create(kConfigMaps, ConfigMap("a")).error().code();
  EXPECT_TRUE(code == ErrorCode::kUnavailable || code == ErrorCode::kAlreadyExists) << static_cast<int>(code);
  EXPECT_TRUE(client_.Get(kConfigMaps, Key("a")).ok());
}

TEST_F(ApiServerTest, ReadsOnAfterAllConnectionsWereReset) {
  ASSERT_TRUE(client_.Create(kConfigMaps, ConfigMap("a")).ok());
  for (int i = 0; i < 20; ++i) {
    server_.ResetConnections();
    EXPECT_TRUE(client_.Get(kConfigMaps, Key("a")).ok());
  }
}

TEST_F(ApiServerTest, IsNotLetInWithoutItsToken) {
  server_.RequireToken("secret");
  EXPECT_EQ(client_.Get(kConfigMaps, Key("a")).error().code(), ErrorCode::kUnauthenticated);
}

TEST_F(ApiServerTest, AsksForATokenToBeReviewed) {
  server_.OnTokenReview([](const json& spec) { return json{{"authenticated", spec["token"] == "good"}}; });
  const json review = {
      {"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenReview"}, {"spec", {{"token", "good"}}}};
  const Result<json> answer = client_.Create(kTokenReviews, review);
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_EQ((*answer)["status"]["authenticated"], true);
}

}  // namespace
}  // namespace eoa::kube
