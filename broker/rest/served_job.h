// ServedJob: the broker of one job with its lock: takes requests, answers them, and wakes itself when time makes
// something due. BrokerService holds one for each job.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "broker/core/broker.h"
#include "broker/core/state_store.h"
#include "broker/core/view.h"
#include "broker/rest/routes.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "common/net/http_server.h"

namespace eoa::broker {

struct ServedJobOptions {
  Duration heartbeat_timeout{};
  std::size_t max_polls = 0;
  Duration serve_grace{};
  std::function<void()> on_change;  // after an event, or when an attempt began or ended; not under the lock
  std::function<void(Duration delay)> wake_after;  // has Tick called after that long
};

// Thread-safety: every method from any thread. All but TryHeartbeat, Summary and StoreWorks may block for as long as the
// store does.
class ServedJob {
 public:
  static Result<std::shared_ptr<ServedJob>> Open(const api::Job& job, std::unique_ptr<StateStore> store, Clock& clock,
                                                 ServedJobOptions options);

  const api::Job& job() const { return job_; }

  // Answers a request of one of the job's routes, at once or when the long poll ends.
  void Handle(const RouteMatch& match, const net::ServerRequest& request, const net::Responder& responder);

  // Likewise, for a heartbeat. False, and nothing happened, when the lock is not free: a store may be working.
  bool TryHeartbeat(const RouteMatch& match, const net::ServerRequest& request, const net::Responder& responder);

  EcosphereView View() const;

  // Without the rounds. As it is now, or, while the store works, as it was before.
  std::shared_ptr<const EcosphereView> Summary() const;
  bool StoreWorks() const;

  // From now on agents can reach the job's routes; see Broker::BecomeReachable.
  void BecomeReachable();
  void StopPopulation(const std::string& population, const std::string& reason);
  void RestartPopulation(const std::string& population, const std::string& reason);
  void Tick();

 private:
  ServedJob(const api::Job& job, std::unique_ptr<StateStore> store, EcosphereState state, Clock& clock,
            ServedJobOptions options);
  template <typename Function>
  void Change(Function change);
  Answer<void> Take(const RouteMatch& match, const net::ServerRequest& request, const net::Responder& responder);
  Answer<int> PopulationOf(const RouteMatch& match) const;
  Answer<api::HeartbeatAnswer> Heartbeat(const RouteMatch& match, const net::ServerRequest& request) REQUIRES(mutex_);
  void WakeAt(SteadyTime time, SteadyTime now);
  void Publish() const REQUIRES(mutex_);

  const api::Job job_;
  const ServedJobOptions options_;
  Clock& clock_;
  const std::unique_ptr<StateStore> store_;
  mutable Mutex mutex_;
  Broker broker_ GUARDED_BY(mutex_);

  mutable Mutex summary_mutex_;  // taken under `mutex_` or alone, for as long as copying a pointer takes
  mutable std::shared_ptr<const EcosphereView> summary_ GUARDED_BY(summary_mutex_);

  Mutex timer_mutex_;  // taken alone
  std::optional<SteadyTime> timer_ GUARDED_BY(timer_mutex_);
};

}  // namespace eoa::broker
