// A reflector over real sockets and the real HTTP client, against a server whose faults are written down.
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "common/base/log.h"
#include "common/net/cpprest/cpprest_client.h"
#include "operator/kube/reflector.h"
#include "tests/fakes/scripted_api_server.h"

namespace eoa::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Fault = ApiFault::Kind;

constexpr Duration kPatience = seconds(30);
const char* const kPath = "/pods";

bool Waits(const std::function<bool()>& until) {
  const SteadyTime give_up = RealClock().SteadyNow() + kPatience;
  while (!until()) {
    if (RealClock().SteadyNow() > give_up) return false;
    RealClock().SleepFor(milliseconds(1));
  }
  return true;
}

class ReflectorSocketsTest : public ::testing::Test {
 protected:
  ReflectorSocketsTest() {
    options_.page_limit = 3;
    options_.label_selector = "team=ours";
    options_.rewatch_spread = milliseconds(1);
    options_.backoff = {.initial = milliseconds(5), .limit = milliseconds(20)};
    connection_.server = server_.url();
    client_ = std::make_unique<ApiClient>(connection_, *http_, RealClock());
  }

  void Start() {
    reflector_ = std::make_unique<Reflector>(kPods, options_, *client_, store_, RealClock(),
                                             std::make_unique<SeededRandom>(1, StreamId{}));
    reflector_->Start();
  }

  static ApiPath PathOf(const std::string& name) { return {"v1", "ns", "pods", name, ""}; }
  void Create(const std::string& name, const std::string& team = "ours") {
    server_.objects().Create(PathOf(""),
                             {{"apiVersion", "v1"},
                              {"kind", "Pod"},
                              {"metadata", {{"name", name}, {"namespace", "ns"}, {"labels", {{"team", team}}}}}});
  }
  void Delete(const std::string& name) { server_.objects().Delete(PathOf(name), json::object()); }
  bool Has(const std::string& name) const { return store_.Get({"ns", name}) != nullptr; }
  std::size_t Lists() const { return server_.CountRequests("GET", kPath) - server_.CountRequests("GET", "watch=true"); }
  std::size_t Watches() const { return server_.CountRequests("GET", "watch=true"); }

  ScriptedApiServer server_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient();
  Connection connection_;
  std::unique_ptr<ApiClient> client_;
  ReflectorOptions options_;
  ObjectStore store_;
  std::unique_ptr<Reflector> reflector_;
};

TEST_F(ReflectorSocketsTest, ListsInPagesAndFollowsWhatIsSelected) {
  for (int i = 0; i < 7; ++i) Create("pod-" + std::to_string(i));
  Create("theirs", "others");
  Start();
  ASSERT_TRUE(reflector_->WaitForSync(kPatience));
  EXPECT_EQ(store_.stats().objects, 7u);
  EXPECT_FALSE(Has("theirs"));
  EXPECT_EQ(Lists(), 3u);
  Create("late");
  EXPECT_TRUE(Waits([&] { return Has("late"); }));
  Delete("pod-3");
  EXPECT_TRUE(Waits([&] { return !Has("pod-3"); }));
  server_.objects().MergePatch(PathOf("pod-4"), {{"metadata", {{"labels", {{"team", "others"}}}}}});
  EXPECT_TRUE(Waits([&] { return !Has("pod-4"); })) << "what is no longer selected is gone";
  EXPECT_EQ(Lists(), 3u);
}

TEST_F(ReflectorSocketsTest, AWatchThatEndsOrBreaksGoesOnWithoutAList) {
  Create("a");
  Start();
  ASSERT_TRUE(reflector_->WaitForSync(kPatience));
  ASSERT_TRUE(Waits([&] { return Watches() == 1; }));
  server_.ResetConnections();
  Create("b");
  EXPECT_TRUE(Waits([&] { return Has("b"); }));
  server_.EndWatches();
  Create("c");
  EXPECT_TRUE(Waits([&] { return Has("c"); }));
  EXPECT_EQ(Lists(), 1u);
}

TEST_F(ReflectorSocketsTest, AnEventCutAtAnyByteIsReadAgainWhole) {
  Start();
  ASSERT_TRUE(reflector_->WaitForSync(kPatience));
  for (std::size_t bytes = 1; bytes < 200; bytes += 23) {
    server_.Inject({.kind = Fault::kTear, .target = "watch=true", .bytes = bytes});
    server_.EndWatches();
    const std::string name = "cut-" + std::to_string(bytes);
    Create(name);
    ASSERT_TRUE(Waits([&] { return Has(name); })) << bytes;
  }
  EXPECT_EQ(Lists(), 1u);
}

TEST_F(ReflectorSocketsTest, AVersionThatIsGoneCostsAListAndTheDeletionsAreMadeUp) {
  Create("stays");
  Create("goes");
  Start();
  ASSERT_TRUE(reflector_->WaitForSync(kPatience));
  ASSERT_TRUE(Waits([&] { return Watches() == 1; }));
  server_.Inject({.target = "watch=true", .times = -1, .status = 503, .reason = "ServiceUnavailable"});
  server_.EndWatches();
  ASSERT_TRUE(Waits([&] { return Watches() >= 2; }));
  Delete("goes");
  server_.objects().ForgetHistory();
  server_.Heal();
  EXPECT_TRUE(Waits([&] { return !Has("goes"); }));
  EXPECT_TRUE(Has("stays"));
  EXPECT_GE(Lists(), 2u);
}

TEST_F(ReflectorSocketsTest, GoneInTheStreamIsTheSameAsGoneAsAStatus) {
  Create("a");
  server_.Inject({.kind = Fault::kError, .target = "watch=true", .status = 410, .reason = "Expired"});
  Start();
  ASSERT_TRUE(Waits([&] { return Lists() == 2; }));
  Create("b");
  EXPECT_TRUE(Waits([&] { return Has("b"); }));
}

TEST_F(ReflectorSocketsTest, ThrottledWatchesAreTakenUpWithoutAList) {
  Start();
  ASSERT_TRUE(reflector_->WaitForSync(kPatience));
  ASSERT_TRUE(Waits([&] { return Watches() == 1; }));
  server_.Inject({.target = "watch=true", .times = 4, .status = 429, .reason = "TooManyRequests"});
  server_.EndWatches();
  ASSERT_TRUE(Waits([&] { return Watches() == 6; }));
  Create("after");
  EXPECT_TRUE(Waits([&] { return Has("after"); }));
  EXPECT_EQ(Lists(), 1u);
  EXPECT_EQ(reflector_->stats().counts.watch_ends.at(static_cast<std::size_t>(WatchEnd::kThrottled)), 4u);
}

TEST_F(ReflectorSocketsTest, ASilentConnectionIsGivenUp) {
  options_.quiet_limit = milliseconds(200);
  Create("a");
  server_.Inject({.kind = Fault::kSilent, .target = "watch=true"});
  Start();
  ASSERT_TRUE(Waits([&] { return Watches() == 1; }));
  Create("b");
  EXPECT_TRUE(Waits([&] { return Has("b"); }));
  EXPECT_EQ(Lists(), 1u);
}

TEST_F(ReflectorSocketsTest, StopEndsARequestThatTheServerLeavesUnanswered) {
  server_.Inject({.kind = Fault::kSilent});
  Start();
  ASSERT_TRUE(Waits([&] { return Lists() == 1; }));
  const SteadyTime begin = RealClock().SteadyNow();
  reflector_->Stop();
  EXPECT_LT(RealClock().SteadyNow() - begin, seconds(10)) << "a list may take sixty";
}

}  // namespace
}  // namespace eoa::kube
