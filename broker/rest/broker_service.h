// BrokerService: the brokers of all jobs behind their REST routes (docs/protocol.md, openapi.json), on one port. `eoa
// run` serves its one job with it, eoa-operator those of a cluster. Rounds, attempts and joins are decided by the pure
// functions of this folder; this class runs them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "broker/core/state_store.h"
#include "broker/core/view.h"
#include "broker/rest/token_verifier.h"
#include "common/base/clock.h"
#include "common/base/histogram.h"
#include "common/base/result.h"
#include "common/job/job.h"

namespace eoa::broker {

struct BrokerServiceOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  int threads = 1;  // of the server; they never block

  // For stores, which may block: no more than one of these for a job. And for token reviews, which may block, too: no
  // more than one for an address and job. Requests that wait for them beyond these numbers are answered 503.
  int store_threads = 8;
  std::size_t max_waiting = 16384;
  std::size_t max_waiting_of_job = 4096;
  int review_threads = 4;
  std::size_t max_reviews_waiting = 4096;
  std::size_t max_reviews_waiting_of_peer = 32;

  // As in net::HttpServerOptions; 0: as many as there may be in all.
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_peer = 0;
  std::size_t max_buffered_bytes_per_peer = 0;

  // A pod that is silent for so long is lost and its world starts anew: several of the agents' heartbeat intervals.
  Duration heartbeat_timeout = std::chrono::seconds(30);

  // More time for the pods of a job that was restored, or that nobody could reach: they must find this broker first.
  Duration serve_grace{};

  // Long polls of one job that may wait at the same time; more are answered 429.
  std::size_t max_polls = 2048;

  bool serving = true;  // see SetServing
};

// Counted since the start, for metrics.
struct BrokerServiceStats {
  static constexpr std::array<double, 10> kSecondsBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 10, 60};
  struct Route {
    std::map<int, std::uint64_t> answers;  // by status
    Histogram seconds{kSecondsBounds};     // long polls wait on purpose
  };
  std::map<std::string, Route> routes;  // by the path's template: "/v1/jobs/{uid}/ecosphere"
  // Tokens, by the refusal's reason; those of the cluster's verifier are there before they happen.
  std::map<Refusal, std::uint64_t> denied = {
      {Refusal::kUnauthorized, 0}, {Refusal::kUnavailable, 0}, {Refusal::kWrongPod, 0}};
  std::uint64_t in_flight = 0;
  std::size_t jobs = 0;
};

// Thread-safety: every method from any thread.
class BrokerService {
 public:
  // `tokens` and `clock` outlive the service. InvalidArgument for options that cannot work; AlreadyExists when the port
  // is taken.
  static Result<std::unique_ptr<BrokerService>> Start(const BrokerServiceOptions& options, TokenVerifier& tokens,
                                                      Clock& clock);
  virtual ~BrokerService() = default;

  virtual std::uint16_t port() const = 0;

  // From now on this job is served; its uid names it in the routes. What is in `store` is what was decided before
  // (empty: a new job). `on_change` is called, from any thread and not under a lock, after every event and whenever an
  // attempt begins or ends. AlreadyExists when it is served; DataLoss when the store is not this job's.
  virtual Status AddJob(const api::Job& job, std::unique_ptr<StateStore> store,
                        std::function<void()> on_change = nullptr) = 0;

  // The job is to be served once its store can be read: until AddJob its requests are answered 503 with Retry-After.
  virtual void ExpectJob(const std::string& uid) = 0;

  // The job is no longer served or expected: its requests are answered 404.
  virtual void RemoveJob(const std::string& uid) = 0;

  // Nothing when the job is not served. Waits for its store.
  virtual std::optional<EcosphereView> View(const std::string& uid) const = 0;

  // The same without the rounds, and without waiting; null when the job is not served.
  virtual std::shared_ptr<const EcosphereView> Summary(const std::string& uid) const = 0;

  // From now on every heartbeat of this population is answered Stop with `reason`, and its joins are refused. Does
  // nothing when the population has ended or is unknown.
  virtual void StopPopulation(const std::string& uid, const std::string& population, const std::string& reason) = 0;

  // Ends the running attempt of this population's world: its agents are told to join again.
  virtual void RestartPopulation(const std::string& uid, const std::string& population, const std::string& reason) = 0;

  // While not serving, every job's request is answered 503 with Retry-After: another replica leads.
  virtual void SetServing(bool serving) = 0;

  virtual BrokerServiceStats stats() const = 0;
};

}  // namespace eoa::broker
