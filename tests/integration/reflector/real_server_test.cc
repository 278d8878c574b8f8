// A reflector against a real API server, over TLS: run by tests/cluster/apiserver.sh, which sets KUBECONFIG. What the
// other tests assume about servers is held against one here.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "common/net/cpprest/cpprest_client.h"
#include "operator/kube/reflector.h"

namespace eoa::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kPatience = seconds(30);

bool Waits(const std::function<bool()>& until) {
  const SteadyTime give_up = RealClock().SteadyNow() + kPatience;
  while (!until()) {
    if (RealClock().SteadyNow() > give_up) return false;
    RealClock().SleepFor(milliseconds(1));
  }
  return true;
}

class RealServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Result<Connection> connection = LoadKubeconfig(KubeconfigPaths(""), "", RealFileSystem(), RealClock());
    ASSERT_TRUE(connection.ok()) << connection.error().ToString();
    net::CpprestOptions options;
    options.tls = [credentials = connection->credentials] { return credentials->Identity(); };
    http_ = net::MakeCpprestClient(options);
    client_ = std::make_unique<ApiClient>(*connection, *http_, RealClock());
    name_space_ = std::string("reflector-") + std::to_string(RealClock().Now().time_since_epoch().count());
    const ResourceType namespaces{"", "v1", "namespaces", "Namespace", false};
    ASSERT_TRUE(
        client_
            ->Create(namespaces, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name_space_}}}})
            .ok());
    options_.name_space = name_space_;
    options_.label_selector = "team=ours";
    options_.page_limit = 3;
  }

  void Start() {
    reflector_ = std::make_unique<Reflector>(kConfigMaps, options_, *client_, store_, RealClock(),
                                             std::make_unique<SeededRandom>(1, StreamId{}));
    reflector_->Start();
  }

  json Map(const std::string& name, const std::string& value, const std::string& team = "ours") const {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}, {"namespace", name_space_}, {"labels", {{"team", team}}}}},
            {"data", {{"value", value}}}};
  }
  void Apply(const json& object) {
    const Result<json> applied = client_->Apply(kConfigMaps, object, "reflector-test");
    ASSERT_TRUE(applied.ok()) << applied.error().ToString();
  }
  std::string ValueOf(const std::string& name) const {
    const JsonPtr object = store_.Get({name_space_, name});
    return object == nullptr ? "" : object->at("data").at("value").get<std::string>();
  }
  ListOptions All() const {
    ListOptions all;
    all.name_space = name_space_;
    return all;
  }

  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<ApiClient> client_;
  std::string name_space_;
  ReflectorOptions options_;
  ObjectStore store_{{.trim = DropManagedFields, .index_label = "team"}};
  std::unique_ptr<Reflector> reflector_;
};

TEST_F(RealServerTest, KeepsTheStoreLikeTheServer) {
  for (int i = 0; i < 7; ++i) Apply(Map("map-" + std::to_string(i), "first"));
  Apply(Map("theirs", "first", "others"));
  Start();
  ASSERT_TRUE(reflector_->WaitForSync(kPatience)) << reflector_->stats().last_error;
  EXPECT_EQ(store_.stats().objects, 7u);
  EXPECT_EQ(store_.KeysByLabel("ours").size(), 7u);
  EXPECT_FALSE(store_.List().front()->at("metadata").contains("managedFields"));

  Apply(Map("map-1", "second"));
  EXPECT_TRUE(Waits([&] { return ValueOf("map-1") == "second"; }));
  Apply(Map("new", "first"));
  EXPECT_TRUE(Waits([&] { return ValueOf("new") == "first"; }));
  ASSERT_TRUE(client_->Delete(kConfigMaps, {name_space_, "map-2"}).ok());
  EXPECT_TRUE(Waits([&] { return ValueOf("map-2").empty(); }));
  Apply(Map("map-3", "first", "others"));
  EXPECT_TRUE(Waits([&] { return ValueOf("map-3").empty(); })) << "what is no longer selected is gone";
  EXPECT_EQ(reflector_->stats().counts.lists.at(0), 1u);
}

TEST_F(RealServerTest, GoesOnWhenTheServerEndsAWatchAtItsTimeout) {
  Apply(Map("map", "first"));
  options_.watch_timeout = seconds(2);
  options_.rewatch_spread = milliseconds(1);
  Start();
  ASSERT_TRUE(Waits([&] { return reflector_->stats().counts.watches == 2; })) << reflector_->stats().last_error;
  const ReflectorCounts counts = reflector_->stats().counts;
  EXPECT_EQ(counts.watch_ends.at(static_cast<std::size_t>(WatchEnd::kTimeout)), 1u);
  Apply(Map("map", "second"));
  EXPECT_TRUE(Waits([&] { return ValueOf("map") == "second"; }));
}

TEST_F(RealServerTest, ListsPagesThatAreNotOlderThanAVersion) {
  for (int i = 0; i < 5; ++i) Apply(Map("map-" + std::to_string(i), "first"));
  const Result<ObjectList> whole = client_->List(kConfigMaps, All());
  ASSERT_TRUE(whole.ok()) << whole.error().ToString();
  ListOptions options = All();
  options.limit = 2;
  options.resource_version = whole->resource_version;
  options.resource_version_match = "NotOlderThan";
  const Result<ObjectList> first = client_->List(kConfigMaps, options);
  ASSERT_TRUE(first.ok()) << first.error().ToString();
  // A server may answer from its cache without pages.
  ASSERT_TRUE(first->items.size() == 2 || first->items.size() == whole->items.size());
  if (first->continue_token.empty()) return;
  ListOptions rest = All();
  rest.limit = 2;
  rest.continue_token = first->continue_token;
  const Result<ObjectList> second = client_->List(kConfigMaps, rest);
  ASSERT_TRUE(second.ok()) << second.error().ToString();
  EXPECT_EQ(second->resource_version, first->resource_version);
}

// For a server that has no cache of events and compacts every second (CMakeLists.txt).
TEST_F(RealServerTest, CompactedSaysThatAVersionIsGone) {
  Apply(Map("map", "first"));
  const Result<ObjectList> list = client_->List(kConfigMaps, All());
  ASSERT_TRUE(list.ok()) << list.error().ToString();
  std::optional<Failure> failure;
  ASSERT_TRUE(Waits([&] {
    Apply(Map("map", std::to_string(RealClock().Now().time_since_epoch().count())));
    WatchOptions options;
    options.name_space = name_space_;
    options.resource_version = list->resource_version;
    options.timeout = seconds(1);
    const Status status = client_->Watch(kConfigMaps, options, [&](const json& event) -> Status {
      if (event.value("type", "") == "ERROR") failure = FailureOfStatus(event.at("object"));
      return OkStatus();
    });
    if (!status.ok()) failure = FailureOf(status.error());
    return failure.has_value();
  }));
  EXPECT_EQ(failure->kind, Failure::Kind::kExpired);
}

TEST_F(RealServerTest, RefusesAListThatIsNotOlderThanTheFuture) {
  ListOptions options = All();
  options.resource_version = "999999999";
  options.resource_version_match = "NotOlderThan";
  options.timeout = seconds(5);
  const Result<ObjectList> list = client_->List(kConfigMaps, options);
  ASSERT_FALSE(list.ok());
  // It says so, or wants to be asked again until there is no time left.
  EXPECT_EQ(list.error().code(), ErrorCode::kDeadlineExceeded) << list.error().ToString();
}

}  // namespace
}  // namespace eoa::kube
