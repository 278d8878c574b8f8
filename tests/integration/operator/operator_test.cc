// The whole operator over real sockets against the scripted API server: that it brings jobs to their children whatever
// happens between two writes.
#include "operator/cluster/operator.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/scripted_api_server.h"
#include "tests/integration/net/raw_socket.h"
#include "tests/integration/operator/operator_process.h"

namespace eoa {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Kind = ApiFault::Kind;
using namespace std::chrono_literals;

class OperatorTest : public testing::Test {
 protected:
  void Create(const std::string& name) { ASSERT_EQ(server_.objects().Create(JobPath(""), SmallJob(name)).status, 201); }

  bool Exists(const std::string& api_version, const std::string& plural, const std::string& name) {
    return server_.objects().Get(PathOf(api_version, plural, name)).status == 200;
  }

  bool HasChildren(const std::string& name) {
    return Exists("v1", "services", name) && Exists("v1", "configmaps", name + "-job") &&
           Exists("apps/v1", "statefulsets", name + "-wolves") && Exists("apps/v1", "statefulsets", name + "-whales");
  }

  json StatusOf(const std::string& name) {
    return server_.objects().Get(JobPath(name)).body.value("status", json::object());
  }

  std::string PhaseOf(const std::string& name) { return StatusOf(name).value("phase", ""); }

  // All children, and a status that tells of them.
  bool Converged(const std::string& name) { return HasChildren(name) && PhaseOf(name) == "Pending"; }

  std::string Holder() {
    const ApiAnswer lease = server_.objects().Get(PathOf("coordination.k8s.io/v1", "leases", "eoa-operator"));
    if (lease.status != 200) return "";
    const json holder = lease.body.at("spec").value("holderIdentity", json());
    return holder.is_string() ? holder.get<std::string>() : "";
  }

  // Writes of anything but leases and events.
  std::size_t JobWrites() {
    std::size_t writes = 0;
    for (const ApiRequest& request : server_.requests()) {
      const bool other =
          request.target.find("/leases") != std::string::npos || request.target.find("/events") != std::string::npos;
      if (request.method != "GET" && !other) ++writes;
    }
    return writes;
  }

  ScriptedApiServer server_;
};

TEST_F(OperatorTest, AJobGetsItsChildrenAndAStatusInFiveWritesAndThenNothingIsWritten) {
  OperatorProcess process(server_, "a");
  Create("job");
  ASSERT_TRUE(Eventually([&] { return Converged("job"); })) << StateOf(server_.objects());
  EXPECT_EQ(JobWrites(), 5U) << "Service, ConfigMap, two StatefulSets, status";
  const std::string state = StateOf(server_.objects());
  RealClock().SleepFor(1500ms);
  EXPECT_EQ(JobWrites(), 5U);
  EXPECT_EQ(StateOf(server_.objects()), state);
}

TEST_F(OperatorTest, ReadyOnceCachesAreFilledAndHealthyAllTheTime) {
  OperatorProcess process(server_, "a");
  const std::uint16_t port = process.ports().health;
  ASSERT_NE(port, 0);
  EXPECT_EQ(process.Get(port, "/healthz").status, 200);
  EXPECT_TRUE(Eventually([&] { return process.Get(port, "/readyz").status == 200; }));
  EXPECT_THAT(process.Get(process.ports().metrics, "/metrics").body, HasSubstr("controller_runtime_reconcile_total"));
}

TEST_F(OperatorTest, HealthyThoughMetricsAreBesiegedAndTheStoreIsSilent) {
  OperatorProcess process(server_, "a");
  Create("job");
  ASSERT_TRUE(Eventually([&] { return Converged("job"); }));
  std::vector<net::RawSocket> idle;
  for (int i = 0; i < 70; ++i) {
    idle.push_back(net::RawSocket::ConnectTo(process.ports().metrics));
    idle.back().Send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  EXPECT_EQ(process.Get(process.ports().health, "/healthz").status, 200);
  idle.clear();
  server_.Inject({.kind = Kind::kSilent, .target = "/configmaps", .times = -1});
  Create("stuck");  // its reconcile waits for the API server
  ASSERT_TRUE(Eventually([&] { return server_.CountRequests("POST", "/configmaps") > 1; }));
  const SteadyTime begin = RealClock().SteadyNow();
  EXPECT_EQ(process.Get(process.ports().health, "/healthz").status, 200);
  EXPECT_EQ(process.Get(process.ports().health, "/readyz").status, 200);
  EXPECT_EQ(process.Get(process.ports().metrics, "/metrics").status, 200);
  EXPECT_EQ(process.Get(process.ports().broker, "/readyz").status, 200);
  EXPECT_LT(RealClock().SteadyNow() - begin, 2s);
  server_.Heal();
}

TEST_F(OperatorTest, WithoutAnApiServerItSaysWhatIsMissingAndEnds) {
  server_.Inject({.kind = Kind::kAnswer, .target = "/statefulsets", .times = -1, .status = 403, .reason = "Forbidden"});
  cluster::OperatorOptions options = QuickOptions("a");
  options.sync_deadline = 1s;
  OperatorProcess process(server_, options);
  const std::uint16_t port = process.ports().health;
  EXPECT_EQ(process.Get(port, "/readyz").status, 503);
  const Status ended = process.Join();
  ASSERT_FALSE(ended.ok());
  EXPECT_THAT(ended.error().message(), HasSubstr("statefulsets"));
}

// Sieve's crash test: stop after each write, with the write's answer seen or not.
class CrashTest : public OperatorTest, public testing::WithParamInterface<std::tuple<int, Kind>> {};

TEST_P(CrashTest, AnOperatorThatEndsBetweenAnyTwoWritesIsTakenUpByTheNextWhereItWas) {
  std::string undisturbed;
  {
    ScriptedApiServer calm;
    OperatorProcess process(calm, "a");
    ASSERT_EQ(calm.objects().Create(JobPath(""), SmallJob("job")).status, 201);
    ASSERT_TRUE(Eventually([&] {
      return calm.objects().Get(JobPath("job")).body.value("status", json::object()).value("phase", "") == "Pending";
    }));
    undisturbed = StateOf(calm.objects());
  }
  const int writes = std::get<0>(GetParam());
  const Kind kind = std::get<1>(GetParam());
  // Writes of children and status name their field manager; what fails is that one and all that would follow.
  server_.Inject({.kind = kind, .target = "fieldManager", .skip = writes, .times = 1});
  server_.Inject({.kind = Kind::kAnswer, .target = "fieldManager", .skip = writes, .times = -1, .status = 503});
  {
    OperatorProcess first(server_, "a");
    Create("job");
    ASSERT_TRUE(
        Eventually([&] { return server_.CountRequests("", "fieldManager") > static_cast<std::size_t>(writes); }));
    EXPECT_TRUE(first.Stop().ok());
  }
  server_.Heal();
  OperatorProcess second(server_, "b");
  ASSERT_TRUE(Eventually([&] { return Converged("job"); })) << StateOf(server_.objects());
  EXPECT_TRUE(Eventually([&] { return StateOf(server_.objects()) == undisturbed; }))
      << StateOf(server_.objects()) << "\nis not\n"
      << undisturbed;
}

INSTANTIATE_TEST_SUITE_P(AfterWrite, CrashTest,
                         testing::Combine(testing::Range(0, 5), testing::Values(Kind::kAnswer, Kind::kReset)));

TEST_F(OperatorTest, OfTwoOperatorsOneLeadsAndTheOtherTakesOverWithAWarmCache) {
  auto first = std::make_unique<OperatorProcess>(server_, "a");
  ASSERT_TRUE(Eventually([&] { return Holder() == "a"; }));
  OperatorProcess second(server_, "b");
  const cluster::OperatorPorts ports = second.ports();
  ASSERT_TRUE(Eventually([&] { return second.Get(ports.health, "/readyz").status == 200; })) << "a warm standby";
  Create("one");
  ASSERT_TRUE(Eventually([&] { return Converged("one"); }));
  const std::string uid = server_.objects().Get(JobPath("one")).body.at("metadata").at("uid");
  const net::Response standby = second.Get(ports.broker, "/v1/jobs/" + uid + "/ecosphere");
  EXPECT_EQ(standby.status, 503) << standby.body;
  EXPECT_TRUE(standby.headers.Has("Retry-After"));

  EXPECT_TRUE(first->Stop().ok());
  const SteadyTime released = RealClock().SteadyNow();
  ASSERT_TRUE(Eventually([&] { return Holder() == "b"; }));
  EXPECT_LT(RealClock().SteadyNow() - released, 2500ms) << "the lease was given back, not waited for";
  Create("two");
  EXPECT_TRUE(Eventually([&] { return Converged("two"); }));
  EXPECT_TRUE(Eventually([&] { return second.Get(ports.broker, "/v1/jobs/" + uid + "/ecosphere").status == 401; }))
      << "the broker serves, and wants a token";
}

TEST_F(OperatorTest, ALeaderThatLosesItsLeaseStopsServingAndEnds) {
  OperatorProcess process(server_, "a");
  ASSERT_TRUE(Eventually([&] { return Holder() == "a"; }));
  server_.Inject({.kind = Kind::kAnswer, .target = "/leases", .times = -1, .status = 500});
  const Status ended = process.Join();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), ErrorCode::kAborted);
}

TEST_F(OperatorTest, ConflictsAreTriedAgainUntilTheyEnd) {
  server_.Inject({.kind = Kind::kAnswer, .target = "fieldManager", .times = 12, .status = 409, .reason = "Conflict"});
  OperatorProcess process(server_, "a");
  Create("job");
  EXPECT_TRUE(Eventually([&] { return Converged("job"); })) << StateOf(server_.objects());
}

TEST_F(OperatorTest, WatchesThatFallBehindAreListedAnewAndNothingIsMissed) {
  OperatorProcess process(server_, "a");
  Create("one");
  ASSERT_TRUE(Eventually([&] { return Converged("one"); }));
  server_.Inject({.kind = Kind::kError, .target = "watch=true", .times = 5, .status = 410, .reason = "Expired"});
  server_.EndWatches();
  Create("two");
  server_.objects().ForgetHistory();
  EXPECT_TRUE(Eventually([&] { return Converged("two"); })) << StateOf(server_.objects());
}

TEST_F(OperatorTest, AnApiServerThatWasAwayIsTakenUpWhereItWas) {
  OperatorProcess process(server_, "a");
  Create("one");
  ASSERT_TRUE(Eventually([&] { return Converged("one"); }));
  // All but the lease, which has its own client; a longer absence than its deadline ends the process.
  for (const char* target : {"/apis/apps", "/api/v1", "/apis/eoa.io"}) {
    server_.Inject({.kind = Kind::kAnswer, .target = target, .times = -1, .status = 503});
  }
  server_.ResetConnections();
  Create("two");
  RealClock().SleepFor(1s);
  EXPECT_FALSE(HasChildren("two"));
  EXPECT_EQ(process.Get(process.ports().health, "/healthz").status, 200) << "a restart would not bring it back";
  server_.Heal();
  EXPECT_TRUE(Eventually([&] { return Converged("two"); }, 60s)) << StateOf(server_.objects());
}

TEST_F(OperatorTest, ADeletedJobTakesItsChildrenWithItAndComesBackAsANewOne) {
  OperatorProcess process(server_, "a");
  Create("job");
  ASSERT_TRUE(Eventually([&] { return Converged("job"); }));
  server_.objects().Delete(JobPath("job"), json::object());
  ASSERT_TRUE(Eventually([&] { return !Exists("v1", "services", "job"); }));
  Create("job");
  const json uid = server_.objects().Get(JobPath("job")).body.at("metadata").at("uid");
  const auto belongs_to_the_new_one = [&] {
    const json service = server_.objects().Get(PathOf("v1", "services", "job")).body;
    return service.contains("metadata") && service["metadata"]["ownerReferences"][0]["uid"] == uid;
  };
  EXPECT_TRUE(Eventually([&] { return Converged("job") && belongs_to_the_new_one(); })) << StateOf(server_.objects());
}

TEST_F(OperatorTest, AnObjectOfSomebodyElseIsLeftAloneAndNamed) {
  const json service = {{"apiVersion", "v1"},
                        {"kind", "Service"},
                        {"metadata", {{"name", "job"}, {"namespace", "ns"}}},
                        {"spec", {{"clusterIP", "10.0.0.1"}}}};
  ASSERT_EQ(server_.objects().Create(PathOf("v1", "services", ""), service).status, 201);
  OperatorProcess process(server_, "a");
  Create("job");
  ASSERT_TRUE(Eventually([&] { return StatusOf("job").dump().find("ChildRefused") != std::string::npos; }))
      << StateOf(server_.objects());
  EXPECT_THAT(StatusOf("job").dump(), HasSubstr("does not belong to this job"));
  EXPECT_EQ(server_.objects().Get(PathOf("v1", "services", "job")).body.at("spec").at("clusterIP"), "10.0.0.1");
}

TEST_F(OperatorTest, AnInvalidJobGetsTheFieldInItsStatusAndNoChildren) {
  json job = SmallJob("bad");
  job["spec"]["trainer"]["model"]["name"] = "wrn-11-4";
  ASSERT_EQ(server_.objects().Create(JobPath(""), job).status, 201);
  OperatorProcess process(server_, "a");
  ASSERT_TRUE(Eventually([&] { return StatusOf("bad").dump().find("InvalidSpec") != std::string::npos; }));
  EXPECT_THAT(StatusOf("bad").dump(), HasSubstr("spec.trainer.model.name"));
  EXPECT_FALSE(HasChildren("bad"));
}

// What the API server takes and no reader of ours wants: it must not keep the operator from anybody else's job.
TEST_F(OperatorTest, AJobThatIsTooDeepOrTooLargeIsItsOwnersProblemAlone) {
  json deep = 1;
  for (int i = 0; i < 70; ++i) deep = {{"a", deep}};
  json job = SmallJob("deep");
  job["spec"]["suspend"] = true;
  job["spec"]["template"]["spec"] = deep;
  ASSERT_EQ(server_.objects().Create(JobPath(""), job).status, 201);
  json many = SmallJob("many");
  many["spec"]["template"]["spec"]["args"] = std::vector<int>(500'000, 0);
  ASSERT_EQ(server_.objects().Create(JobPath(""), many).status, 201);
  OperatorProcess process(server_, "a");
  Create("listed");
  EXPECT_TRUE(Eventually([&] { return Converged("listed"); })) << "the first list shows the bad jobs too";
  EXPECT_TRUE(Eventually([&] { return StatusOf("deep").dump().find("InvalidSpec") != std::string::npos; }));
  EXPECT_THAT(StatusOf("deep").dump(), HasSubstr("deeper than 64"));
  EXPECT_TRUE(Eventually([&] { return StatusOf("many").dump().find("InvalidSpec") != std::string::npos; }));
  job["metadata"]["name"] = "watched-deep";
  ASSERT_EQ(server_.objects().Create(JobPath(""), job).status, 201);
  Create("watched");
  EXPECT_TRUE(Eventually([&] { return Converged("watched"); })) << "and so does the watch";
}

TEST_F(OperatorTest, APodOfAStrangerWithTheJobsLabelsIsNotTheJobs) {
  OperatorProcess process(server_, "a");
  Create("job");
  ASSERT_TRUE(Eventually([&] { return Converged("job"); }));
  const json uid = server_.objects().Get(JobPath("job")).body.at("metadata").at("uid");
  const json status = StatusOf("job");
  json pod = {
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata",
       {{"name", "x"}, {"labels", {{"eoa.io/job", "job"}, {"eoa.io/job-uid", uid}, {"eoa.io/population", "wolves"}}}}},
      {"status",
       {{"phase", "Failed"},
        {"containerStatuses", json::array({{{"name", "trainer"},
                                            {"restartCount", 99},
                                            {"state", {{"terminated", {{"exitCode", 65}, {"reason", "Error"}}}}}}})}}}};
  for (const char* name_space : {"elsewhere", "ns"}) {
    ApiPath path = PathOf("v1", "pods", "");
    path.name_space = name_space;
    pod["metadata"]["namespace"] = name_space;
    ASSERT_EQ(server_.objects().Create(path, pod).status, 201);
  }
  // A job that was made after the pods tells when the operator has seen them.
  Create("later");
  ASSERT_TRUE(Eventually([&] { return Converged("later"); }));
  server_.objects().MergePatch(JobPath("job"), {{"metadata", {{"annotations", {{"look", "again"}}}}}});
  server_.objects().Delete(PathOf("v1", "services", "job"), json::object());
  ASSERT_TRUE(Eventually([&] { return Exists("v1", "services", "job"); })) << "it was looked at again";
  EXPECT_EQ(StatusOf("job"), status);

  // The same pod counts once the population's StatefulSet controls it.
  pod["metadata"]["name"] = "job-wolves-0";
  pod["metadata"]["ownerReferences"] = json::array(
      {{{"apiVersion", "apps/v1"},
        {"kind", "StatefulSet"},
        {"name", "job-wolves"},
        {"controller", true},
        {"uid", server_.objects().Get(PathOf("apps/v1", "statefulsets", "job-wolves")).body["metadata"]["uid"]}}});
  ASSERT_EQ(server_.objects().Create(PathOf("v1", "pods", ""), pod).status, 201);
  EXPECT_TRUE(Eventually([&] { return StatusOf("job").dump().find("exit code 65") != std::string::npos; }))
      << StatusOf("job").dump();
}

TEST_F(OperatorTest, AJobWhoseRoundsCannotBeReadKeepsNobodyFromBeingServed) {
  {
    OperatorProcess first(server_, "a");
    for (const char* name : {"good", "bad", "slow"}) {
      Create(name);
      ASSERT_TRUE(Eventually([&] { return Converged(name); }));
    }
  }
  const auto uid = [&](const char* name) {
    return server_.objects().Get(JobPath(name)).body.at("metadata").at("uid").get<std::string>();
  };
  server_.Inject(
      {.kind = Kind::kAnswer, .target = "/configmaps/bad-rounds-0", .times = -1, .status = 403, .reason = "Forbidden"});
  server_.Inject({.kind = Kind::kSilent, .target = "/configmaps/slow-rounds-0", .times = -1});
  OperatorProcess second(server_, "b");
  const std::uint16_t port = second.ports().broker;
  const auto answer = [&](const char* name) { return second.Get(port, "/v1/jobs/" + uid(name) + "/ecosphere").status; };
  const auto with_token = [&](const char* name) {
    return second.Get(port, "/v1/jobs/" + uid(name) + "/ecosphere", "a-token").status;
  };
  // Asked for a token, which is wrong: the job is served. 503: it will be.
  EXPECT_TRUE(Eventually([&] { return with_token("good") == 401; }));
  EXPECT_EQ(answer("good"), 401);
  EXPECT_EQ(with_token("slow"), 503) << "nobody is told that there is no such job";
  EXPECT_TRUE(Eventually([&] { return StatusOf("bad").dump().find("StoreRefused") != std::string::npos; }))
      << StatusOf("bad").dump();
  EXPECT_EQ(with_token("bad"), 503);
  Create("new");
  EXPECT_TRUE(Eventually([&] { return Converged("new"); }));
  server_.Heal();
  EXPECT_TRUE(Eventually([&] { return with_token("bad") == 401 && with_token("slow") == 401; }));
}

TEST_F(OperatorTest, AJobThatAnotherOperatorManagesIsLeftAlone) {
  json job = SmallJob("theirs");
  job["spec"]["managedBy"] = "kueue.x-k8s.io/multikueue";
  ASSERT_EQ(server_.objects().Create(JobPath(""), job).status, 201);
  OperatorProcess process(server_, "a");
  Create("ours");
  ASSERT_TRUE(Eventually([&] { return Converged("ours"); }));
  EXPECT_EQ(PhaseOf("theirs"), "");
  EXPECT_FALSE(HasChildren("theirs"));
}

TEST_F(OperatorTest, AChildThatSomebodyDeletesOrScalesIsMadeAgain) {
  OperatorProcess process(server_, "a");
  Create("job");
  ASSERT_TRUE(Eventually([&] { return Converged("job"); }));
  const std::string state = StateOf(server_.objects());
  server_.objects().Delete(PathOf("v1", "services", "job"), json::object());
  server_.objects().MergePatch(PathOf("apps/v1", "statefulsets", "job-wolves"), {{"spec", {{"replicas", 7}}}});
  EXPECT_TRUE(Eventually([&] { return StateOf(server_.objects()) == state; })) << StateOf(server_.objects());
}

TEST_F(OperatorTest, TheLeaderLabelsItsPodAndTakesTheLabelOffAPredecessor) {
  for (const char* name : {"old", "new"}) {
    json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", name}, {"namespace", "ns"}}}};
    if (std::string(name) == "old") pod["metadata"]["labels"]["eoa.io/leader"] = "true";
    ASSERT_EQ(server_.objects().Create(PathOf("v1", "pods", ""), pod).status, 201);
  }
  cluster::OperatorOptions options = QuickOptions("new");
  options.pod_name = "new";
  options.label_check = 50ms;
  options.pod_namespace = "ns";
  const auto label = [&](const char* name) {
    const json metadata = server_.objects().Get(PathOf("v1", "pods", name)).body.at("metadata");
    return metadata.value("labels", json::object()).value("eoa.io/leader", "");
  };
  OperatorProcess process(server_, options);
  EXPECT_TRUE(Eventually([&] { return label("new") == "true" && label("old").empty(); }));
  server_.objects().MergePatch(PathOf("v1", "pods", "new"), {{"metadata", {{"labels", {{"eoa.io/leader", nullptr}}}}}});
  EXPECT_TRUE(Eventually([&] { return label("new") == "true"; })) << "somebody took it off";
  EXPECT_TRUE(process.Stop().ok());
  EXPECT_EQ(label("new"), "");
  EXPECT_EQ(Holder(), "");
}

}  // namespace
}  // namespace eoa
