// Brokers that keep their rounds in ConfigMaps: killed, replaced, and doubled.
#include <future>

#include <gtest/gtest.h>

#include "broker/rest/broker_service.h"
#include "common/base/json_guard.h"
#include "common/messages/messages.h"
#include "common/net/cpprest/cpprest_client.h"
#include "operator/cluster/config_map_store.h"
#include "tests/fakes/scripted_api_server.h"

namespace eoa::cluster {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

api::Job TwoPopulations() {
  api::Job job;
  job.metadata = {.name = "quick", .name_space = "ns", .uid = "11111111-2222", .labels = {}, .annotations = {}};
  job.spec.ecosphere.generations = 4;
  job.spec.ecosphere.exchange.deadline_seconds = 30;
  for (const char* name : {"wolves", "whales"}) {
    api::PopulationSpec population;
    population.name = name;
    population.members = 2;
    population.members_per_pod = 2;
    job.spec.populations.push_back(population);
  }
  return job;
}

// One operator's broker of the job; destroying it is its crash.
class Leader {
 public:
  explicit Leader(const std::string& api_server)
      : client_({.server = api_server}, *http_, RealClock(), {.timeout = 1s}) {
    auto started = broker::BrokerService::Start({}, token_, RealClock());
    EOA_CHECK(started.ok(), "no broker");
    service_ = *std::move(started);
    const Status added =
        service_->AddJob(TwoPopulations(), std::make_unique<ConfigMapStore>(client_, TwoPopulations()));
    EOA_CHECK(added.ok(), "the job is not served");
  }

  json Send(const std::string& method, const std::string& path, const json& body = nullptr) const {
    net::Request request{
        .method = method,
        .url = "http://127.0.0.1:" + std::to_string(service_->port()) + "/v1/jobs/11111111-2222" + path,
        .headers = {{"Authorization", "Bearer token"}, {"Content-Type", "application/json"}},
        .body = body.is_null() ? "" : DumpJson(body)};
    request.timeout = 20s;
    const auto answer = http_->Send(request);
    if (!answer.ok()) return {{"status", 0}};
    Result<json> document = ParseJson(answer->body);
    return document.ok() ? *std::move(document) : json({{"status", answer->status}});
  }

  json Join(const std::string& population, const std::string& incarnation, int after = 0) const {
    api::JoinRequest request;
    request.incarnation = incarnation;
    request.after_attempt = after;
    request.address = "127.0.0.1";
    request.wait_seconds = 10;
    return Send("POST", "/populations/" + population + "/join", api::ToJson(request));
  }

  json Report(const std::string& population, int generation, double fitness) const {
    const api::ReportRequest request{.attempt = 1,
                                     .generation = generation,
                                     .members = {{0, 0.1, 0.2, 1.5}, {1, 0.2, fitness, 1.25}},
                                     .images_per_second = 10};
    return Send("POST", "/populations/" + population + "/report", api::ToJson(request));
  }

  json Decision(const std::string& population, int generation, int wait_seconds = 10) const {
    return Send("GET", "/populations/" + population + "/decision?attempt=1&generation=" + std::to_string(generation) +
                           "&waitSeconds=" + std::to_string(wait_seconds));
  }

  json Heartbeat(const std::string& population, const std::string& incarnation) const {
    api::HeartbeatRequest request;
    request.incarnation = incarnation;
    request.attempt = 1;
    request.phase = TrainerPhase::kTraining;
    return Send("POST", "/populations/" + population + "/heartbeat", api::ToJson(request));
  }

  broker::BrokerService& service() { return *service_; }

 private:
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient();
  kube::ApiClient client_;
  broker::FixedToken token_{"token"};
  std::unique_ptr<broker::BrokerService> service_;
};

class BrokerRestartTest : public testing::Test {
 protected:
  ScriptedApiServer server_;
};

TEST_F(BrokerRestartTest, ANewLeaderGoesOnWithTheRoundThatWasOpen) {
  auto first = std::make_unique<Leader>(server_.url());
  ASSERT_EQ(first->Join("wolves", "a").value("attempt", 0), 1);
  ASSERT_EQ(first->Join("whales", "b").value("attempt", 0), 1);
  const json reported = first->Report("wolves", 0, 0.7);
  ASSERT_FALSE(reported.contains("reason")) << reported;
  first.reset();

  const Leader second(server_.url());
  EXPECT_EQ(second.Heartbeat("wolves", "a").value("command", ""), "Continue");
  second.Report("whales", 0, 0.9);
  const json decision = second.Decision("wolves", 0).value("decision", json());
  ASSERT_TRUE(decision.is_object());
  EXPECT_EQ(decision["elected"]["population"], "whales");
  EXPECT_EQ(second.Decision("whales", 0).value("decision", json())["elected"], decision["elected"]);
}

TEST_F(BrokerRestartTest, ADecisionThatWasGivenIsGivenAgainByTheNextLeader) {
  auto first = std::make_unique<Leader>(server_.url());
  first->Join("wolves", "a");
  first->Join("whales", "b");
  first->Report("wolves", 0, 0.7);
  first->Report("whales", 0, 0.9);
  const json decision = first->Decision("wolves", 0).value("decision", json());
  ASSERT_TRUE(decision.is_object());
  first.reset();
  EXPECT_EQ(Leader(server_.url()).Decision("wolves", 0).value("decision", json()), decision);
}

TEST_F(BrokerRestartTest, PopulationsThatWentOnAloneCatchUpWithTheNextLeader) {
  auto first = std::make_unique<Leader>(server_.url());
  first->Join("wolves", "a");
  first->Join("whales", "b");
  first->Report("wolves", 0, 0.7);
  first->Report("whales", 0, 0.9);
  first.reset();
  // Both have trained generation 1 without a broker and report generation 2 to the next one.
  const Leader second(server_.url());
  second.Report("wolves", 2, 0.8);
  second.Report("whales", 2, 0.75);
  const json decision = second.Decision("wolves", 2).value("decision", json());
  ASSERT_TRUE(decision.is_object());
  EXPECT_EQ(decision["elected"]["population"], "wolves");
}

TEST_F(BrokerRestartTest, ALeaderThatIsBehindTakesOverWhatTheOtherStoredAndContradictsNothing) {
  Leader stale(server_.url());
  const Leader other(server_.url());
  ASSERT_EQ(other.Join("wolves", "a").value("attempt", 0), 1);
  ASSERT_EQ(other.Join("whales", "b").value("attempt", 0), 1);
  other.Report("wolves", 0, 0.7);
  other.Report("whales", 0, 0.9);
  const json decision = other.Decision("wolves", 0).value("decision", json());
  ASSERT_TRUE(decision.is_object());

  // It would begin the first attempt, which has begun, and hears of it from the API server.
  (void)stale.Join("wolves", "a");
  const json answer = stale.Decision("wolves", 0);
  EXPECT_EQ(answer.value("decision", json()), decision) << answer;
  EXPECT_EQ(stale.service().View("11111111-2222")->populations[0].attempt, 1);
}

TEST_F(BrokerRestartTest, HeartbeatsAreAnsweredWhileTheApiServerIsSilent) {
  const Leader leader(server_.url());
  leader.Join("wolves", "a");
  leader.Join("whales", "b");
  server_.Inject({.kind = ApiFault::Kind::kSilent, .times = -1});
  auto report = std::async(std::launch::async, [&] { return leader.Report("wolves", 0, 0.7); });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(leader.Heartbeat("whales", "b").value("command", ""), "Continue");
  }
  EXPECT_EQ(report.get().value("status", 0), 503);
  server_.Heal();
  EXPECT_FALSE(leader.Report("wolves", 0, 0.7).contains("reason"));
}

}  // namespace
}  // namespace eoa::cluster
