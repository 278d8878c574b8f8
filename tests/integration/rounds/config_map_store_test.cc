// Rounds in ConfigMaps, over real sockets against the scripted API server: what is kept, what two leaders can do to
// each other, and what lost answers come to.
#include "operator/cluster/config_map_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_guard.h"
#include "common/net/cpprest/cpprest_client.h"
#include "tests/fakes/scripted_api_server.h"

namespace eoa::cluster {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using namespace std::chrono_literals;
using Kind = ApiFault::Kind;

api::Job TestJob() {
  api::Job job;
  job.metadata = {.name = "quick", .name_space = "ns", .uid = "11111111-2222", .labels = {}, .annotations = {}};
  return job;
}

broker::Event Stopped(const std::string& reason) { return broker::PopulationStopped{"wolves", reason}; }

std::vector<std::string> Reasons(const Result<std::vector<broker::Event>>& events) {
  std::vector<std::string> reasons;
  if (!events.ok()) return {events.error().ToString()};
  for (const broker::Event& event : *events) reasons.push_back(std::get<broker::PopulationStopped>(event).reason);
  return reasons;
}

class ConfigMapStoreTest : public testing::Test {
 protected:
  json Chunk(int number) {
    const Result<json> found = client_.Get(kube::kConfigMaps, {"ns", RoundsName("quick", number)});
    return found.ok() ? *found : json();
  }
  void Patch(const json& patch, int number = 0) {
    ASSERT_TRUE(client_.MergePatch(kube::kConfigMaps, {"ns", RoundsName("quick", number)}, patch).ok());
  }

  ScriptedApiServer server_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient();
  kube::ApiClient client_{{.server = server_.url()}, *http_, RealClock(), {.timeout = 1s}};
  ConfigMapStore store_{client_, TestJob()};
};

TEST_F(ConfigMapStoreTest, KeepsEventsInTheOrderInWhichTheyWereAppended) {
  EXPECT_EQ(Reasons(store_.Load()), std::vector<std::string>{});
  for (const char* reason : {"a", "b", "c"}) ASSERT_TRUE(store_.Append(Stopped(reason)).ok());
  ConfigMapStore next(client_, TestJob());
  EXPECT_EQ(Reasons(next.Load()), (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_TRUE(next.Append(Stopped("d")).ok());
  EXPECT_EQ(Reasons(store_.Load()), (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST_F(ConfigMapStoreTest, WritesOnceForEachEventAndNothingBeforeTheFirst) {
  ASSERT_TRUE(store_.Load().ok());
  EXPECT_EQ(server_.objects().writes(), 0u);
  for (const char* reason : {"a", "b", "c"}) ASSERT_TRUE(store_.Append(Stopped(reason)).ok());
  EXPECT_EQ(server_.objects().writes(), 3u);
}

TEST_F(ConfigMapStoreTest, WritesWhatHappensTogetherInOneWriteWholeOrNotAtAll) {
  ASSERT_TRUE(store_.AppendTogether({Stopped("a"), Stopped("b")}).ok());
  ASSERT_TRUE(store_.AppendTogether({Stopped("c"), Stopped("d")}).ok());
  EXPECT_EQ(server_.objects().writes(), 2u);
  server_.Inject({.kind = Kind::kAnswer, .method = "PATCH", .target = "/configmaps", .status = 500});
  EXPECT_FALSE(store_.AppendTogether({Stopped("e"), Stopped("f")}).ok());
  EXPECT_EQ(Reasons(ConfigMapStore(client_, TestJob()).Load()).size(), 4u);
  // Done, though the answer was lost.
  server_.Inject({.kind = Kind::kReset, .method = "PATCH", .target = "/configmaps"});
  EXPECT_TRUE(store_.AppendTogether({Stopped("e"), Stopped("f")}).ok());
  EXPECT_EQ(Reasons(store_.Load()), (std::vector<std::string>{"a", "b", "c", "d", "e", "f"}));
}

TEST_F(ConfigMapStoreTest, WritesApartWhatDoesNotFitOneConfigMap) {
  const std::string big(kMaxRoundsEventBytes / 2, 'x');
  ASSERT_TRUE(store_.AppendTogether({Stopped(big), Stopped(big)}).ok());
  EXPECT_TRUE(Chunk(0)["data"].contains(RoundsEventKey(0)));
  EXPECT_FALSE(Chunk(0)["data"].contains(RoundsEventKey(1)));
  EXPECT_TRUE(Chunk(1)["data"].contains(RoundsEventKey(1)));
}

TEST_F(ConfigMapStoreTest, BelongsToTheJobAndGoesWithIt) {
  ASSERT_TRUE(store_.Append(Stopped("a")).ok());
  const json metadata = Chunk(0)["metadata"];
  EXPECT_EQ(metadata["ownerReferences"][0]["uid"], "11111111-2222");
  EXPECT_EQ(metadata["ownerReferences"][0]["controller"], true);
  EXPECT_EQ(metadata["labels"]["eoa.io/job-uid"], "11111111-2222");
  EXPECT_EQ(metadata["labels"]["eoa.io/state"], "rounds");
}

TEST_F(ConfigMapStoreTest, BeginsAnotherConfigMapWhenOneIsFull) {
  ConfigMapStore small(client_, TestJob(), {.chunk_bytes = 200});
  std::vector<std::string> reasons;
  for (int i = 0; i < 25; ++i) {
    reasons.push_back(std::string(30, static_cast<char>('a' + i)));
    ASSERT_TRUE(small.Append(Stopped(reasons.back())).ok());
  }
  EXPECT_FALSE(Chunk(10).is_null());
  ConfigMapStore next(client_, TestJob(), {.chunk_bytes = 200});
  EXPECT_EQ(Reasons(next.Load()), reasons);
  ASSERT_TRUE(next.Append(Stopped("z")).ok());
  EXPECT_EQ(Reasons(small.Load()).size(), 26u);
}

TEST_F(ConfigMapStoreTest, LetsOnlyOneOfTwoLeadersWriteTheFirstEvent) {
  ConfigMapStore other(client_, TestJob());
  ASSERT_TRUE(store_.Load().ok());
  ASSERT_TRUE(other.Load().ok());
  ASSERT_TRUE(other.Append(Stopped("theirs")).ok());
  EXPECT_EQ(store_.Append(Stopped("ours")).error().code(), ErrorCode::kAborted);
  EXPECT_EQ(Reasons(other.Load()), (std::vector<std::string>{"theirs"}));
}

TEST_F(ConfigMapStoreTest, OfAFreshJobAsksNothingAndStillContradictsNobody) {
  ConfigMapStore fresh(client_, TestJob(), {.fresh = true});
  EXPECT_TRUE(fresh.Load().value().empty());
  EXPECT_EQ(server_.CountRequests("", "configmaps"), 0U);
  // Somebody was there all the same.
  ASSERT_TRUE(store_.Append(Stopped("first")).ok());
  EXPECT_EQ(fresh.Append(Stopped("second")).error().code(), ErrorCode::kAborted);
  EXPECT_THAT(Reasons(fresh.Load()), testing::ElementsAre("first"));
  EXPECT_TRUE(fresh.Append(Stopped("second")).ok());
}

TEST_F(ConfigMapStoreTest, LetsALeaderThatIsBehindWriteNothingUntilItHasLoadedAgain) {
  ASSERT_TRUE(store_.Append(Stopped("a")).ok());
  ConfigMapStore other(client_, TestJob());
  ASSERT_TRUE(other.Append(Stopped("b")).ok());
  EXPECT_EQ(store_.Append(Stopped("c")).error().code(), ErrorCode::kAborted);
  EXPECT_EQ(store_.Append(Stopped("d")).error().code(), ErrorCode::kAborted);
  EXPECT_EQ(Reasons(store_.Load()), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(store_.Append(Stopped("e")).ok());
  EXPECT_EQ(other.Append(Stopped("f")).error().code(), ErrorCode::kAborted);
}

TEST_F(ConfigMapStoreTest, LetsALeaderThatIsBehindWriteNothingWhenTheOtherHasBegunAnotherConfigMap) {
  ASSERT_TRUE(store_.Append(Stopped("a")).ok());
  ConfigMapStore other(client_, TestJob(), {.chunk_bytes = 10});
  ASSERT_TRUE(other.Append(Stopped("b")).ok());
  ASSERT_FALSE(Chunk(1).is_null());
  EXPECT_EQ(store_.Append(Stopped("c")).error().code(), ErrorCode::kAborted);
  EXPECT_EQ(Reasons(other.Load()), (std::vector<std::string>{"a", "b"}));
}

TEST_F(ConfigMapStoreTest, BearsChangesOfLabelsByOthers) {
  ASSERT_TRUE(store_.Append(Stopped("a")).ok());
  Patch({{"metadata", {{"labels", {{"team", "birds"}}}}}});
  EXPECT_TRUE(store_.Append(Stopped("b")).ok());
  EXPECT_EQ(Reasons(store_.Load()), (std::vector<std::string>{"a", "b"}));
}

TEST_F(ConfigMapStoreTest, KnowsAWriteAsDoneWhoseAnswerWasLost) {
  server_.Inject({.kind = Kind::kReset, .method = "POST", .target = "/configmaps"});
  EXPECT_TRUE(store_.Append(Stopped("a")).ok());
  server_.Inject({.kind = Kind::kReset, .method = "PATCH", .target = "/configmaps"});
  EXPECT_TRUE(store_.Append(Stopped("b")).ok());
  server_.Inject({.kind = Kind::kTear, .method = "PATCH", .target = "/configmaps", .bytes = 5});
  EXPECT_TRUE(store_.Append(Stopped("c")).ok());
  EXPECT_EQ(Reasons(store_.Load()), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(ConfigMapStoreTest, AppendsAnEventOnceThatIsRepeatedAfterItsWriteCameLate) {
  ASSERT_TRUE(store_.Append(Stopped("a")).ok());
  server_.Inject({.kind = Kind::kDelay, .method = "PATCH", .target = "/configmaps", .delay = 2s});
  EXPECT_FALSE(store_.Append(Stopped("b")).ok());  // after the client's second; looked up, not there yet
  while (Reasons(ConfigMapStore(client_, TestJob()).Load()).size() < 2) {
  }
  EXPECT_TRUE(store_.Append(Stopped("b")).ok());
  EXPECT_TRUE(store_.Append(Stopped("c")).ok());
  EXPECT_EQ(Reasons(store_.Load()), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(ConfigMapStoreTest, FailsWithinItsDeadlineWhenTheServerIsSilentAndGoesOnAfter) {
  ASSERT_TRUE(store_.Append(Stopped("a")).ok());
  server_.Inject({.kind = Kind::kSilent, .target = "/configmaps", .times = -1});
  const SteadyTime begin = RealClock().SteadyNow();
  EXPECT_EQ(store_.Append(Stopped("b")).error().code(), ErrorCode::kUnavailable);
  EXPECT_LT(RealClock().SteadyNow() - begin, 10s);
  server_.Heal();
  EXPECT_TRUE(store_.Append(Stopped("b")).ok());
}

TEST_F(ConfigMapStoreTest, NamesTheConfigMapAndTheKeyThatIsDamaged) {
  for (const char* reason : {"a", "b", "c"}) ASSERT_TRUE(store_.Append(Stopped(reason)).ok());
  const std::string key = RoundsEventKey(1);
  const std::string good = Chunk(0)["data"][key];
  std::string bad = good;
  bad[bad.size() - 3] ^= 1;
  Patch({{"data", {{key, bad}}}});
  EXPECT_EQ(store_.Load().error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(store_.Load().error().message(), HasSubstr("ConfigMap quick-rounds-0: key e0000000001"));
  Patch({{"data", {{key, Chunk(0)["data"][RoundsEventKey(2)]}}}});
  EXPECT_THAT(store_.Load().error().message(), HasSubstr("key e0000000001: does not match its checksum"));
  Patch({{"data", {{key, nullptr}}}});
  EXPECT_THAT(store_.Load().error().message(), HasSubstr("key e0000000002: key e0000000001 was expected here"));
  Patch({{"data", {{key, good}}}});
  EXPECT_EQ(Reasons(store_.Load()), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(ConfigMapStoreTest, TellsWhenAConfigMapIsGone) {
  ConfigMapStore small(client_, TestJob(), {.chunk_bytes = 10});
  for (const char* reason : {"a", "b", "c"}) ASSERT_TRUE(small.Append(Stopped(reason)).ok());
  ASSERT_TRUE(client_.Delete(kube::kConfigMaps, {"ns", RoundsName("quick", 1)}).ok());
  EXPECT_THAT(store_.Load().error().message(), HasSubstr("quick-rounds-1 is missing"));
  ASSERT_TRUE(client_.Delete(kube::kConfigMaps, {"ns", RoundsName("quick", 2)}).ok());
  EXPECT_EQ(small.Append(Stopped("d")).error().code(), ErrorCode::kDataLoss);
}

TEST_F(ConfigMapStoreTest, TouchesNoConfigMapOfAnEarlierJobOfThatName) {
  api::Job earlier = TestJob();
  earlier.metadata.uid = "earlier";
  ConfigMapStore old(client_, earlier);
  ASSERT_TRUE(old.Append(Stopped("a")).ok());
  EXPECT_EQ(Reasons(store_.Load()), std::vector<std::string>{});
  EXPECT_EQ(store_.Append(Stopped("b")).error().code(), ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(client_.Delete(kube::kConfigMaps, {"ns", RoundsName("quick", 0)}).ok());
  EXPECT_TRUE(store_.Append(Stopped("b")).ok());
}

TEST_F(ConfigMapStoreTest, ReadsWhatIsTheJobsByNameAndNothingElseOfTheNamespace) {
  for (const char* reason : {"a", "b"}) ASSERT_TRUE(store_.Append(Stopped(reason)).ok());
  // Of a stranger, with the job's labels: under a name of its own, and under the name of the chunk that comes next.
  for (const char* name : {"quick-rounds-x", "quick-rounds-1", "big"}) {
    const json config_map = {{"metadata",
                              {{"name", name},
                               {"namespace", "ns"},
                               {"labels", {{"eoa.io/job-uid", "11111111-2222"}, {"eoa.io/state", "rounds"}}}}},
                             {"data", {{"e0000000000", std::string(900'000, 'x')}}}};
    ASSERT_TRUE(client_.Create(kube::kConfigMaps, config_map).ok());
  }
  ConfigMapStore next(client_, TestJob(), {.chunk_bytes = 10});
  EXPECT_EQ(Reasons(next.Load()), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(server_.CountRequests("GET", "configmaps?"), 0U) << "a list would make the server read the namespace";
  EXPECT_EQ(next.Append(Stopped("c")).error().code(), ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(client_.Delete(kube::kConfigMaps, {"ns", RoundsName("quick", 1)}).ok());
  EXPECT_TRUE(next.Append(Stopped("c")).ok());
}

TEST_F(ConfigMapStoreTest, StoresNoMoreThanTheNextLeaderTakes) {
  const RoundsLimits limits{.bytes = 400, .config_maps = 3};
  for (const std::size_t chunk_bytes : {std::size_t{10}, kRoundsChunkBytes}) {
    const api::Job job = [&] {
      api::Job named = TestJob();
      named.metadata.name = "of-" + std::to_string(chunk_bytes);
      return named;
    }();
    ConfigMapStore full(client_, job, {.chunk_bytes = chunk_bytes, .limits = limits});
    std::size_t stored = 0;
    while (stored < 100 && full.Append(Stopped("a")).ok()) ++stored;
    EXPECT_LT(stored, 100U);
    const Status refused = full.Append(Stopped("a"));
    EXPECT_EQ(refused.error().code(), ErrorCode::kResourceExhausted);
    EXPECT_THAT(refused.error().message(), HasSubstr("one job may have"));
    ConfigMapStore next(client_, job, {.chunk_bytes = chunk_bytes, .limits = limits});
    EXPECT_EQ(Reasons(next.Load()).size(), stored);
    EXPECT_EQ(next.Append(Stopped("a")).error().code(), ErrorCode::kResourceExhausted);
    ConfigMapStore smaller(client_, job, {.limits = {.bytes = 100, .config_maps = 2}});
    EXPECT_EQ(smaller.Load().error().code(), ErrorCode::kResourceExhausted);
  }
}

TEST_F(ConfigMapStoreTest, MissesTheEndOfAHistoryThatTheStatusKnows) {
  api::Decision decision;
  decision.generation = 4;
  ASSERT_TRUE(store_.Append(broker::RoundClosed{.population = "", .decision = decision}).ok());
  EXPECT_TRUE(ConfigMapStore(client_, TestJob(), {.generations = 5}).Load().ok());
  const auto lost = ConfigMapStore(client_, TestJob(), {.generations = 6}).Load();
  EXPECT_EQ(lost.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(lost.error().message(), HasSubstr("tells of 6 decided generations"));

  const json chunk = Chunk(0);
  ASSERT_TRUE(client_.Delete(kube::kConfigMaps, {"ns", RoundsName("quick", 0)}).ok());
  EXPECT_EQ(ConfigMapStore(client_, TestJob(), {.generations = 5}).Load().error().code(), ErrorCode::kDataLoss);
  EXPECT_EQ(store_.Append(Stopped("b")).error().code(), ErrorCode::kDataLoss);
  EXPECT_EQ(store_.Load().error().code(), ErrorCode::kDataLoss) << "nothing begins anew beside what was answered";

  // Put back from a backup.
  json again = chunk;
  again["metadata"].erase("resourceVersion");
  ASSERT_TRUE(client_.Create(kube::kConfigMaps, again).ok());
  EXPECT_EQ(store_.Load()->size(), 1U);
  EXPECT_TRUE(store_.Append(Stopped("b")).ok());
}

TEST_F(ConfigMapStoreTest, RefusesAnEventThatNoConfigMapCanHold) {
  EXPECT_EQ(store_.Append(Stopped(std::string(kMaxRoundsEventBytes, 'x'))).error().code(),
            ErrorCode::kResourceExhausted);
  EXPECT_TRUE(store_.Append(Stopped(std::string(kRoundsChunkBytes * 2, 'x'))).ok());
}

}  // namespace
}  // namespace eoa::cluster
