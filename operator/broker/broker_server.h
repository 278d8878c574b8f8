// BrokerServer: the broker of one or more jobs behind its REST routes (docs/protocol.md). `eoa run` embeds it; eoa-operator serves it
// in the cluster. Rounds, attempts and joins are decided by the pure functions of this folder; this class runs them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/api/job.h"
#include "common/api/messages.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "operator/broker/state_store.h"

namespace eoa::broker {

// One population as the broker knows it.
struct PopulationView {
  std::string name;
  std::string phase;           // Joining | Running | Succeeded | Failed
  int attempt = 0;             // 0: not yet started
  int generation = 0;          // being trained
  std::int64_t step = 0;       // the furthest-behind pod's
  std::int64_t steps = 0;
  double images_per_second = 0;             // of all its members
  double train_loss = 0;
  std::vector<double> learning_rates;       // in use, as far as known: of the last report
  double best_fitness = 0;                  // of the last report
  std::string activity;                     // a heartbeat's phase: Training, Evaluating, ...
  std::optional<api::FinishRequest> finished;
  std::string last_error;                   // why the last attempt ended
};

struct RoundView {
  api::Decision decision;
  std::vector<std::pair<std::string, api::ReportRequest>> reports;  // by population, in the job's order
};

struct EcosphereView {
  std::vector<PopulationView> populations;  // in the job's order
  std::vector<RoundView> rounds;            // decided, ascending by generation
};

struct BrokerServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string token;  // every request but health and OpenAPI must carry it; never empty
  int threads = 1;
};

// Thread-safety: every method from any thread.
class BrokerServer {
 public:
  // `store` holds what was decided before (empty: a new job) and outlives the server. The job's uid names it in the routes.
  static Result<std::unique_ptr<BrokerServer>> Start(const BrokerServerOptions& options, const api::Job& job, StateStore& store,
                                                     Clock& clock);
  virtual ~BrokerServer() = default;

  virtual std::uint16_t port() const = 0;
  virtual EcosphereView View() const = 0;

  // From now on every heartbeat and join of this population is answered Stop with `reason`.
  virtual void StopPopulation(const std::string& population, const std::string& reason) = 0;
};

}  // namespace eoa::broker
