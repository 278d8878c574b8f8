#include "broker/rest/broker_service.h"

#include <atomic>
#include <future>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_guard.h"
#include "tests/integration/broker/live_broker.h"

namespace eoa::broker {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using namespace std::chrono_literals;

double Fitness(const std::string& population, int generation) {
  return 0.3 + 0.05 * generation + (population == "wolves" ? 0.01 * generation : 0.02);
}

// A leader from its attempt's start to the end: every request is repeated until it is answered. Its decisions.
std::vector<json> Lead(const LiveBroker& broker, const std::string& population, int attempt, std::atomic<int>& done) {
  std::vector<json> decisions;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  for (int generation = 0; generation < 4; ++generation) {
    while (broker.Post(population, "report", ReportBody(attempt, generation, Fitness(population, generation))).status !=
           200) {
      if (std::chrono::steady_clock::now() > deadline) return decisions;
    }
    for (;;) {
      const Reply reply = broker.Decision(population, attempt, generation, 5);
      if (reply.status == 200 && !reply.body["decision"].is_null()) {
        decisions.push_back(reply.body["decision"]);
        break;
      }
      if (std::chrono::steady_clock::now() > deadline) return decisions;
    }
    ++done;
  }
  while (broker.Post(population, "finish", FinishBody(attempt)).status != 200) {
    if (std::chrono::steady_clock::now() > deadline) return decisions;
  }
  return decisions;
}

TEST(BrokerService, TwoPopulationsExchangeToTheEnd) {
  LiveBroker broker;
  ASSERT_EQ(broker.JoinAll("wolves"), 1);
  ASSERT_EQ(broker.JoinAll("whales"), 1);
  std::atomic<int> done{0};
  auto whales = std::async(std::launch::async, [&] { return Lead(broker, "whales", 1, done); });
  const std::vector<json> wolves = Lead(broker, "wolves", 1, done);
  EXPECT_EQ(wolves, whales.get());
  ASSERT_EQ(wolves.size(), 4U);
  EXPECT_EQ(wolves[0]["elected"]["population"], "whales");
  EXPECT_EQ(wolves[3]["elected"]["population"], "wolves");
  EXPECT_EQ(wolves[3]["closedBy"], "All");

  const EcosphereView view = broker.View();
  EXPECT_EQ(view.populations[0].phase, BrokerPhase::kSucceeded);
  EXPECT_EQ(view.populations[1].phase, BrokerPhase::kSucceeded);
  EXPECT_EQ(view.rounds.size(), 4U);
  const Reply history = broker.Send("GET", broker.job_path() + "/history?from=2");
  EXPECT_EQ(history.body["rounds"].size(), 2U);
  EXPECT_EQ(broker.Send("GET", broker.job_path() + "/ecosphere").body["lastDecision"], wolves[3]);
}

TEST(BrokerService, ARestartInTheMiddleIsNotNoticed) {
  LiveBroker broker;
  broker.JoinAll("wolves");
  broker.JoinAll("whales");
  std::atomic<int> done{0};
  auto whales = std::async(std::launch::async, [&] { return Lead(broker, "whales", 1, done); });
  auto wolves = std::async(std::launch::async, [&] { return Lead(broker, "wolves", 1, done); });
  for (int restarts = 0; restarts < 3; ++restarts) {
    while (done < 2 * restarts) std::this_thread::yield();
    broker.Restart();
  }
  const std::vector<json> decisions = wolves.get();
  EXPECT_EQ(decisions, whales.get());
  ASSERT_EQ(decisions.size(), 4U);
  EXPECT_EQ(decisions[3]["elected"]["fitness"], Fitness("wolves", 3));
  EXPECT_EQ(broker.View().populations[0].attempt, 1);
}

TEST(BrokerService, ARestartedBrokerAnswersWhatItAnsweredBefore) {
  LiveBroker broker;
  broker.JoinAll("wolves");
  broker.JoinAll("whales");
  broker.Post("wolves", "report", ReportBody(1, 0, 0.5));
  broker.Post("whales", "report", ReportBody(1, 0, 0.6));
  const json before = broker.Decision("wolves", 1, 0, 1).body;
  broker.Restart();
  EXPECT_EQ(broker.Decision("wolves", 1, 0, 1).body, before);
  EXPECT_EQ(broker.Post("wolves", "report", ReportBody(1, 0, 0.5)).body, (json{{"late", false}}));
  EXPECT_EQ(broker.Post("wolves", "report", ReportBody(1, 0, 0.7)).reason(), "ConflictingReport");
  EXPECT_EQ(broker.Post("wolves", "heartbeat", HeartbeatBody(0, "a-0", 1)).body["command"], "Continue");
}

TEST(BrokerService, TheDeadlineAnswersWaitingPopulationsOnceTheQuorumIsThere) {
  api::Job job = LiveBroker::TwoPopulations();
  job.spec.ecosphere.exchange.deadline_seconds = 1;
  job.spec.ecosphere.exchange.quorum = 1;
  LiveBroker broker(job);
  broker.JoinAll("wolves");
  broker.JoinAll("whales");
  const auto start = std::chrono::steady_clock::now();
  broker.Post("wolves", "report", ReportBody(1, 0, 0.5));
  const Reply reply = broker.Decision("wolves", 1, 0, 20);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 950ms);
  EXPECT_EQ(reply.body["decision"]["closedBy"], "Quorum") << reply.body;
  EXPECT_EQ(reply.body["decision"]["missing"], json({"whales"}));
  EXPECT_EQ(broker.Post("whales", "report", ReportBody(1, 0, 0.9)).body["late"], true);
  EXPECT_EQ(broker.Decision("whales", 1, 0, 0).body, reply.body);
}

TEST(BrokerService, ALongPollEndsWithoutAnAnswerWhenItsTimeIsUp) {
  LiveBroker broker;
  const Reply join = broker.Post("wolves", "join", JoinBody(0, "a-0", 0, 1));
  EXPECT_EQ(join.status, 200);
  EXPECT_EQ(join.body["waitingFor"], "wolves pod 1");
  broker.JoinAll("wolves");
  broker.JoinAll("whales");
  broker.Post("wolves", "report", ReportBody(1, 0, 0.5));
  EXPECT_TRUE(broker.Decision("wolves", 1, 0, 1).body["decision"].is_null());
}

TEST(BrokerService, InAsyncModeNobodyWaits) {
  api::Job job = LiveBroker::TwoPopulations();
  job.spec.ecosphere.exchange.mode = api::ExchangeMode::kAsync;
  LiveBroker broker(job);
  broker.JoinAll("wolves");
  for (int generation = 0; generation < 4; ++generation) {
    broker.Post("wolves", "report", ReportBody(1, generation, 0.5));
    EXPECT_EQ(broker.Decision("wolves", 1, generation, 0).body["decision"]["generation"], generation);
  }
}

TEST(BrokerService, ANewProcessEndsTheAttemptAndStragglersAreRefused) {
  LiveBroker broker;
  broker.JoinAll("wolves", "a");
  broker.JoinAll("whales", "a");
  broker.Post("wolves", "report", ReportBody(1, 0, 0.5));
  auto waiting = std::async(std::launch::async, [&] { return broker.Decision("wolves", 1, 0, 20); });
  EXPECT_EQ(broker.JoinAll("wolves", "b", 1), 2);
  const auto status = [&](const Reply& reply) { return std::to_string(reply.status) + " " + reply.reason(); };
  EXPECT_EQ(status(waiting.get()), "409 StaleAttempt");
  EXPECT_EQ(status(broker.Post("wolves", "report", ReportBody(1, 0, 0.9))), "409 StaleAttempt");
  EXPECT_EQ(status(broker.Decision("wolves", 1, 0, 0)), "409 StaleAttempt");
  EXPECT_EQ(status(broker.Post("wolves", "finish", FinishBody(1))), "409 StaleAttempt");
  EXPECT_EQ(broker.Post("wolves", "heartbeat", HeartbeatBody(0, "a-0", 1)).body["command"], "Rejoin");
  EXPECT_EQ(broker.Post("whales", "heartbeat", HeartbeatBody(0, "a-0", 1)).body["command"], "Continue");
}

TEST(BrokerService, ASilentPodIsLostAndTheOthersAreToldToRejoin) {
  BrokerServiceOptions options;
  options.heartbeat_timeout = 300ms;
  LiveBroker broker(LiveBroker::TwoPopulations(), options);
  broker.JoinAll("wolves");
  json answer;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  do {
    answer = broker.Post("wolves", "heartbeat", HeartbeatBody(0, "a-0", 1)).body;
  } while (answer["command"] == "Continue" && std::chrono::steady_clock::now() < deadline);
  EXPECT_EQ(answer["command"], "Rejoin");
  EXPECT_EQ(answer["reason"], "wolves pod 1 was silent for 0.3 s");
}

TEST(BrokerService, AStoppedPopulationIsToldSoAndNotWaitedFor) {
  LiveBroker broker;
  broker.JoinAll("wolves");
  broker.JoinAll("whales");
  broker.Post("wolves", "report", ReportBody(1, 0, 0.5));
  auto waiting = std::async(std::launch::async, [&] { return broker.Decision("wolves", 1, 0, 20); });
  broker.StopPopulation("whales", "no restarts left");
  broker.StopPopulation("bears", "who?");
  EXPECT_EQ(waiting.get().body["decision"]["missing"], json({"whales"}));
  const Reply beat = broker.Post("whales", "heartbeat", HeartbeatBody(0, "a-0", 1));
  EXPECT_EQ(beat.body["command"], "Stop");
  EXPECT_THAT(beat.body["reason"], HasSubstr("no restarts left"));
  EXPECT_EQ(broker.Post("whales", "join", JoinBody(0, "b")).reason(), "PopulationEnded");
  broker.Restart();
  EXPECT_EQ(broker.View().populations[1].phase, BrokerPhase::kFailed);
}

TEST(BrokerService, BadInputIsRefusedByNameAndChangesNothing) {
  LiveBroker broker;
  broker.JoinAll("wolves");
  const std::string report = DumpJson(ReportBody(1, 0, 0.5));
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string text = report;
    return text.replace(text.find(what), what.size(), instead);
  };
  const struct {
    std::string body;
    std::string detail;
  } cases[] = {
      {"", "near byte"},
      {"{", "near byte"},
      {"[]", "object"},
      {std::string(3000, '['), ""},
      {"{\"attempt\":1,\"attempt\":1}", "attempt"},
      {with("\"generation\":0,", ""), "generation"},
      {with("\"fitness\":0.5", "\"fitness\":NaN"), ""},
      {with("\"fitness\":0.5", "\"fitness\":1e999"), ""},
      {with("\"fitness\":0.5", "\"fitness\":1.5"), "fitness"},
      {with("\"fitness\":0.5", "\"fitness\":\"high\""), "fitness"},
      {with("\"fitness\":0.5", "\"fitness\":null"), "fitness"},
      {with("\"trainLoss\":1.25", "\"trainLoss\":-Infinity"), ""},
      {with("\"learningRate\":0.2", "\"learningRate\":-0.2"), "learningRate"},
      {with("\"attempt\":1", "\"attempt\":99999999999999999999"), "attempt"},
      {with("\"imagesPerSecond\"", "\"\xff\""), ""},
  };
  for (const auto& each : cases) {
    const Reply reply = broker.Send("POST", broker.path("wolves", "report"), each.body);
    EXPECT_EQ(reply.status, 400) << each.body;
    EXPECT_EQ(reply.reason(), "InvalidBody") << each.body;
    EXPECT_THAT(reply.body.value("detail", ""), HasSubstr(each.detail)) << each.body;
    EXPECT_EQ(reply.headers.Get("Content-Type"), "application/problem+json");
  }
  EXPECT_TRUE(broker.View().rounds.empty());
  EXPECT_TRUE(broker.View().populations[0].learning_rates.empty());

  json newer = ReportBody(1, 0, 0.5);
  newer["somethingNew"] = {{"nested", true}};
  EXPECT_EQ(broker.Post("wolves", "report", newer).status, 200);
}

TEST(BrokerService, OnlyTheTokensBearerGetsIn) {
  LiveBroker broker;
  for (const net::Headers& headers :
       {net::Headers{}, net::Headers{{"Authorization", "Bearer wrong"}}, net::Headers{{"Authorization", "Bearer "}},
        net::Headers{{"Authorization", "a-token-of-this-test"}},
        net::Headers{{"Authorization", "Basic a-token-of-this-test"}}}) {
    const Reply reply = broker.Send("GET", broker.job_path() + "/ecosphere", "", headers);
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.headers.Get("WWW-Authenticate"), "Bearer");
  }
  EXPECT_EQ(broker.Send("GET", "/healthz", "", {}).status, 200);
}

// The news come after the answer to whom caused it.
bool Reaches(const std::atomic<int>& number, int wanted) {
  const SteadyTime deadline = RealClock().SteadyNow() + std::chrono::seconds(10);
  while (number < wanted && RealClock().SteadyNow() < deadline) RealClock().SleepFor(std::chrono::milliseconds(1));
  return number == wanted;
}

TEST(BrokerService, ServesJobsSideBySideUntilTheyAreRemoved) {
  LiveBroker broker;
  api::Job other = LiveBroker::TwoPopulations();
  other.metadata.uid = "other";
  std::atomic<int> changes = 0;
  ASSERT_TRUE(broker.service().AddJob(other, std::make_unique<MemoryStore>(), [&] { ++changes; }).ok());
  EXPECT_EQ(broker.service().AddJob(other, std::make_unique<MemoryStore>()).error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(broker.JoinAll("wolves"), 1);
  EXPECT_EQ(broker.View().populations[0].attempt, 1);
  EXPECT_EQ(broker.service().View("other")->populations[0].attempt, 0);
  EXPECT_EQ(changes, 0);

  const std::string join = "/v1/jobs/other/populations/wolves/join";
  broker.Send("POST", join, DumpJson(JoinBody(0, "a", 0, 0)));
  EXPECT_EQ(broker.Send("POST", join, DumpJson(JoinBody(1, "a", 0, 0))).status, 200);
  EXPECT_EQ(broker.service().View("other")->populations[0].attempt, 1);
  EXPECT_TRUE(Reaches(changes, 1)) << "an attempt began";
  broker.service().RestartPopulation("other", "wolves", "no step for 600 s");
  EXPECT_EQ(broker.service().View("other")->populations[0].phase, BrokerPhase::kJoining);
  EXPECT_EQ(broker.service().View("other")->populations[0].last_error, "no step for 600 s");
  EXPECT_TRUE(Reaches(changes, 2)) << "an attempt ended";
  EXPECT_EQ(broker.service().stats().jobs, 2);

  broker.service().RemoveJob("other");
  EXPECT_FALSE(broker.service().View("other").has_value());
  EXPECT_EQ(broker.Send("GET", "/v1/jobs/other/ecosphere").status, 404);
  EXPECT_EQ(broker.Send("GET", broker.job_path() + "/ecosphere").status, 200);
}

TEST(BrokerService, AStandbySendsItsCallersElsewhere) {
  LiveBroker broker;
  broker.service().SetServing(false);
  const Reply refused = broker.Send("GET", broker.job_path() + "/ecosphere");
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.headers.Has("Retry-After"));
  EXPECT_EQ(broker.Send("GET", "/healthz", "", {}).status, 200);
  broker.service().SetServing(true);
  EXPECT_EQ(broker.Send("GET", broker.job_path() + "/ecosphere").status, 200);
}

TEST(BrokerService, CountsAnswersByRouteAndRefusedTokensByReason) {
  LiveBroker broker;
  broker.JoinAll("wolves");
  broker.Send("GET", broker.job_path() + "/ecosphere", "", {{"Authorization", "Bearer wrong"}});
  const BrokerServiceStats stats = broker.service().stats();
  EXPECT_EQ(stats.routes.at("/v1/jobs/{uid}/populations/{population}/join").answers.at(200), 2);
  EXPECT_EQ(stats.routes.at("/v1/jobs/{uid}/ecosphere").answers.at(401), 1);
  EXPECT_EQ(stats.denied.at(Refusal::kUnauthorized), 1);
  EXPECT_EQ(stats.in_flight, 0);
}

// Waits in Append until it is let go.
class SlowStore final : public StateStore {
 public:
  explicit SlowStore(std::shared_future<void> gate) : gate_(std::move(gate)) {}
  Status Append(const Event& event) override {
    gate_.wait_for(std::chrono::seconds(20));
    events_.push_back(event);
    return OkStatus();
  }
  Result<std::vector<Event>> Load() override { return events_; }

 private:
  std::shared_future<void> gate_;
  std::vector<Event> events_;
};

TEST(BrokerService, AStoreThatHangsHoldsUpNoOtherJob) {
  LiveBroker broker;
  EXPECT_EQ(broker.JoinAll("wolves"), 1);
  api::Job slow = LiveBroker::TwoPopulations();
  slow.metadata.uid = "slow";
  std::promise<void> gate;
  ASSERT_TRUE(broker.service().AddJob(slow, std::make_unique<SlowStore>(gate.get_future().share())).ok());
  const std::string join = "/v1/jobs/slow/populations/wolves/join";
  broker.Send("POST", join, DumpJson(JoinBody(0, "a", 0, 0)));
  auto stuck = std::async(std::launch::async,
                          [&] { return broker.Send("POST", join, DumpJson(JoinBody(1, "a", 0, 0))).status; });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(broker.Post("wolves", "heartbeat", HeartbeatBody(0, "a", 1)).status, 200);
  EXPECT_EQ(broker.service().Summary("slow")->populations[0].attempt, 0) << "as it was before";
  EXPECT_EQ(broker.Send("GET", "/readyz", "", {}).status, 200);
  EXPECT_EQ(stuck.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << "it is still stuck";
  gate.set_value();
  EXPECT_EQ(stuck.get(), 200);
}

TEST(BrokerService, DozensOfPodsStartTogether) {
  api::Job job = LiveBroker::TwoPopulations();
  job.spec.populations[0].members = 64;
  LiveBroker broker(job);
  std::vector<std::future<Reply>> joins;
  joins.reserve(64);
  for (int pod = 0; pod < 64; ++pod) {
    joins.push_back(std::async(std::launch::async, [&broker, pod] {
      return broker.Post("wolves", "join", JoinBody(pod, "a-" + std::to_string(pod), 0, 20));
    }));
  }
  for (int pod = 0; pod < 64; ++pod) {
    const Reply reply = joins[static_cast<std::size_t>(pod)].get();
    EXPECT_EQ(reply.body.value("firstRank", -1), pod);
    EXPECT_EQ(reply.body.value("worldSize", 0), 64);
  }
}

}  // namespace
}  // namespace eoa::broker
