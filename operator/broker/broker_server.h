// BrokerServer: the broker of one job behind its REST routes (docs/protocol.md, openapi.json). `eoa run` embeds it;
// eoa-operator serves it in the cluster. Rounds, attempts and joins are decided by the pure functions of this folder;
// this class runs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/api/job.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "operator/broker/state_store.h"
#include "operator/broker/view.h"

namespace eoa::broker {

struct BrokerServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string token;  // every request but health and OpenAPI must carry it; never empty
  int threads = 1;

  // A pod that is silent for so long is lost and its world starts anew: several of the agents' heartbeat intervals.
  Duration heartbeat_timeout = std::chrono::seconds(30);

  // Long polls that may wait at the same time; more are answered 429.
  std::size_t max_polls = 2048;
};

// Thread-safety: every method from any thread.
class BrokerServer {
 public:
  // `store` holds what was decided before (empty: a new job) and outlives the server, as does `clock`. The job's uid
  // names it in the routes. InvalidArgument for options that cannot work; DataLoss when the store is not this job's.
  static Result<std::unique_ptr<BrokerServer>> Start(const BrokerServerOptions& options, const api::Job& job,
                                                     StateStore& store, Clock& clock);
  virtual ~BrokerServer() = default;

  virtual std::uint16_t port() const = 0;
  virtual EcosphereView View() const = 0;

  // From now on every heartbeat of this population is answered Stop with `reason`, and its joins are refused. Does
  // nothing when the population has ended or is unknown.
  virtual void StopPopulation(const std::string& population, const std::string& reason) = 0;
};

}  // namespace eoa::broker
