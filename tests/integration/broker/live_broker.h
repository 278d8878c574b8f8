// A real broker on a real socket with its journal in a file, and a client that speaks with it as agents do.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/core/state_store.h"
#include "broker/rest/broker_service.h"
#include "common/net/http_client.h"

namespace eoa::broker {

// A store that keeps everything until it goes.
class MemoryStore final : public StateStore {
 public:
  Status Append(const Event& event) override {
    events_.push_back(event);
    return OkStatus();
  }
  Result<std::vector<Event>> Load() override { return events_; }

 private:
  std::vector<Event> events_;
};

struct Reply {
  int status = 0;  // 0: no answer
  nlohmann::json body;
  net::Headers headers;

  std::string reason() const { return body.value("reason", ""); }
};

class LiveBroker {
 public:
  static constexpr const char* kToken = "a-token-of-this-test";

  // A job of wolves and whales, two members each in pods of one.
  static api::Job TwoPopulations();

  // A fresh journal named after the running test. `store` takes its place if given.
  explicit LiveBroker(api::Job job = TwoPopulations(), BrokerServiceOptions options = {}, StateStore* store = nullptr);
  ~LiveBroker();

  // Ends the server and starts another on the same port with the same journal.
  void Restart();

  void StopPopulation(const std::string& population, const std::string& reason) {
    service_->StopPopulation(job_.metadata.uid, population, reason);
  }
  EcosphereView View() const { return service_->View(job_.metadata.uid).value(); }
  BrokerService& service() { return *service_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string job_path() const { return "/v1/jobs/" + job_.metadata.uid; }
  std::string path(const std::string& population, const std::string& what) const {
    return job_path() + "/populations/" + population + "/" + what;
  }

  // With the token, unless `headers` are given.
  Reply Send(const std::string& method, const std::string& path, const std::string& body = "") const;
  Reply Send(const std::string& method, const std::string& path, const std::string& body, net::Headers headers) const;
  Reply Post(const std::string& population, const std::string& what, const nlohmann::json& body) const;
  Reply Decision(const std::string& population, int attempt, int generation, int wait_seconds) const;

  // All pods of the population at once, as processes of this name; their attempt's number.
  int JoinAll(const std::string& population, const std::string& process = "a", int after_attempt = 0) const;

 private:
  void Start();

  const api::Job job_;
  BrokerServiceOptions options_;
  std::string journal_;
  StateStore* store_;
  std::uint16_t port_ = 0;
  std::unique_ptr<net::HttpClient> client_;
  FixedToken token_;
  std::unique_ptr<BrokerService> service_;
};

nlohmann::json JoinBody(int pod, const std::string& incarnation, int after_attempt = 0, int wait_seconds = 10);
nlohmann::json HeartbeatBody(int pod, const std::string& incarnation, int attempt);
nlohmann::json ReportBody(int attempt, int generation, double fitness);
nlohmann::json FinishBody(int attempt);

}  // namespace eoa::broker
