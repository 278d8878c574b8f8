#include "tests/integration/broker/live_broker.h"

#include <unistd.h>

#include <filesystem>
#include <future>

#include <gtest/gtest.h>

#include "broker/core/journal.h"
#include "common/base/file_system.h"
#include "common/base/json_guard.h"
#include "common/net/cpprest/cpprest_client.h"

namespace eoa::broker {

api::Job LiveBroker::TwoPopulations() {
  api::Job job;
  job.metadata.name = "test";
  job.metadata.uid = "11111111-2222";
  job.spec.ecosphere.generations = 4;
  job.spec.ecosphere.baseline = api::BaselineRule::kElected;
  job.spec.ecosphere.exchange.deadline_seconds = 30;
  for (const char* name : {"wolves", "whales"}) {
    api::PopulationSpec population;
    population.name = name;
    population.members = 2;
    job.spec.populations.push_back(population);
  }
  return job;
}

LiveBroker::LiveBroker(api::Job job, BrokerServiceOptions options, StateStore* store)
    : job_(std::move(job)),
      options_(std::move(options)),
      store_(store),
      client_(net::MakeCpprestClient()),
      token_(kToken) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  journal_ =
      testing::TempDir() + "broker-" + test->test_suite_name() + "-" + test->name() + "-" + std::to_string(::getpid());
  std::filesystem::remove(journal_);
  Start();
  port_ = service_->port();
  options_.port = port_;
  // Alone: the client's library starts itself with the first request, by a lock that the thread sanitizer cannot see.
  EOA_CHECK(Send("GET", "/healthz").status == 200, "the broker does not answer");
}

LiveBroker::~LiveBroker() {
  service_.reset();
  std::filesystem::remove(journal_);
}

// A store that outlives the broker.
class BorrowedStore final : public StateStore {
 public:
  explicit BorrowedStore(StateStore& store) : store_(store) {}
  Status Append(const Event& event) override { return store_.Append(event); }
  Result<std::vector<Event>> Load() override { return store_.Load(); }

 private:
  StateStore& store_;
};

void LiveBroker::Start() {
  std::unique_ptr<StateStore> store;
  if (store_ == nullptr) {
    auto opened = OpenJournal(journal_, job_.metadata.uid, RealFileSystem());
    EOA_CHECK(opened.ok(), opened.error().ToString());
    store = *std::move(opened);
  } else {
    store = std::make_unique<BorrowedStore>(*store_);
  }
  auto started = BrokerService::Start(options_, token_, RealClock());
  EOA_CHECK(started.ok(), started.error().ToString());
  service_ = *std::move(started);
  const Status added = service_->AddJob(job_, std::move(store));
  EOA_CHECK(added.ok(), added.error().ToString());
}

void LiveBroker::Restart() {
  service_.reset();
  Start();
}

Reply LiveBroker::Send(const std::string& method, const std::string& path, const std::string& body) const {
  return Send(method, path, body, {{"Authorization", std::string("Bearer ") + kToken}});
}

Reply LiveBroker::Send(const std::string& method, const std::string& path, const std::string& body,
                       net::Headers headers) const {
  net::Request request{.method = method, .url = url() + path, .headers = std::move(headers), .body = body};
  request.timeout = std::chrono::seconds(30);
  if (!body.empty()) request.headers.Add("Content-Type", "application/json");
  const auto response = client_->Send(request);
  if (!response.ok()) return {.status = 0, .body = {{"reason", response.error().ToString()}}, .headers = {}};
  auto document = ParseJson(response->body, {.max_bytes = std::size_t{8} << 20});
  return {.status = response->status,
          .body = document.ok() ? *std::move(document) : nlohmann::json::object(),
          .headers = response->headers};
}

Reply LiveBroker::Post(const std::string& population, const std::string& what, const nlohmann::json& body) const {
  return Send("POST", path(population, what), DumpJson(body));
}

Reply LiveBroker::Decision(const std::string& population, int attempt, int generation, int wait_seconds) const {
  return Send("GET", path(population, "decision") + "?attempt=" + std::to_string(attempt) +
                         "&generation=" + std::to_string(generation) + "&waitSeconds=" + std::to_string(wait_seconds));
}

int LiveBroker::JoinAll(const std::string& population, const std::string& process, int after_attempt) const {
  auto second = std::async(std::launch::async,
                           [&] { return Post(population, "join", JoinBody(1, process + "-1", after_attempt)); });
  const Reply first = Post(population, "join", JoinBody(0, process + "-0", after_attempt));
  EXPECT_EQ(first.body.value("attempt", 0), second.get().body.value("attempt", -1));
  EXPECT_TRUE(first.body.value("ready", false)) << first.status << " " << first.body;
  return first.body.value("attempt", 0);
}

nlohmann::json JoinBody(int pod, const std::string& incarnation, int after_attempt, int wait_seconds) {
  api::JoinRequest request;
  request.pod = pod;
  request.incarnation = incarnation;
  request.after_attempt = after_attempt;
  request.address = "127.0.0.1";
  request.wait_seconds = wait_seconds;
  return api::ToJson(request);
}

nlohmann::json HeartbeatBody(int pod, const std::string& incarnation, int attempt) {
  api::HeartbeatRequest request;
  request.pod = pod;
  request.incarnation = incarnation;
  request.attempt = attempt;
  request.phase = TrainerPhase::kTraining;
  return api::ToJson(request);
}

nlohmann::json ReportBody(int attempt, int generation, double fitness) {
  const api::ReportRequest request{.attempt = attempt,
                                   .generation = generation,
                                   .members = {{0, 0.1, 0.2, 1.5}, {1, 0.2, fitness, 1.25}},
                                   .images_per_second = 10};
  return api::ToJson(request);
}

nlohmann::json FinishBody(int attempt) {
  api::FinishRequest request;
  request.attempt = attempt;
  return api::ToJson(request);
}

}  // namespace eoa::broker
