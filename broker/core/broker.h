// Broker: one job's state with its store and its long polls: takes requests, stores what follows from them, applies it,
// and answers. It is what ServedJob runs under its lock; it knows no socket and no thread.
//
// Every change goes through Settle: whatever the state makes due (attempts, elections, lost pods) is stored and applied
// until nothing more is. A failed store leaves the state as it was; what was due stays due. A store that says Aborted
// holds events of another broker: they are read, and the broker goes on from there. So it does when one that has lost
// events has them again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/polls.h"
#include "broker/core/problem.h"
#include "broker/core/state.h"
#include "broker/core/state_store.h"
#include "broker/core/store_fault.h"
#include "broker/core/worlds.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "common/messages/messages.h"
#include "common/net/http_server.h"

namespace eoa::broker {

// Thread-safety: none. Replies are to be sent by the caller once it has let go of its lock.
class Broker {
 public:
  static constexpr int kLongestPollSeconds = 60;

  // `store` outlives the broker. While it is not `reachable` nobody's silence counts.
  Broker(EcosphereState state, StateStore& store, Duration heartbeat_timeout, std::size_t max_polls,
         bool reachable = true);

  // The state of the job after all that is in the store.
  static Result<EcosphereState> Restore(const api::JobSpec& spec, StateStore& store);

  const EcosphereState& state() const { return state_; }
  const std::optional<StoreFault>& store_fault() const { return faults_.fault(); }

  // Grows with every event, whenever an attempt begins or ends, and when the store fails or works again.
  std::uint64_t changes() const { return events_ + state_.attempts_ended + fault_changes_; }

  // From now on agents can reach it; everybody has `grace` besides the heartbeat timeout to do so.
  void BecomeReachable(Duration grace, SteadyTime now);

  Answer<api::HeartbeatAnswer> Heartbeat(int population, const api::HeartbeatRequest& request, SteadyTime now);
  Answer<api::ReportAnswer> Report(int population, const api::ReportRequest& request, SteadyTime now, Replies& replies);
  Answer<void> Finish(int population, const api::FinishRequest& request, SteadyTime now, Replies& replies);
  void Join(int population, const api::JoinRequest& request, net::Responder responder, SteadyTime now,
            Replies& replies);
  void Decision(const DecisionPoll& question, int wait_seconds, net::Responder responder, SteadyTime now,
                Replies& replies);
  void Stop(int population, const std::string& reason, SteadyTime now, Replies& replies);
  void Restart(int population, const std::string& reason, SteadyTime now, Replies& replies);

  // Does what time has made due. To be called at NextWakeup, or any time.
  void Tick(SteadyTime now, Replies& replies);
  std::optional<SteadyTime> NextWakeup(SteadyTime now) const;

 private:
  Moment At(SteadyTime now) const { return {now, heartbeat_timeout_}; }
  bool Store(Event event, SteadyTime now);
  bool StoreReport(ReportAccepted event, SteadyTime now);
  bool Write(const std::vector<Event>& events, SteadyTime now);
  void ApplyOwn(const Event& event);
  void StoreFailed(const Error& error, SteadyTime now);
  void StoreWorked();
  void CatchUp(SteadyTime now);
  std::optional<Event> NextDue(SteadyTime now);
  void Settle(SteadyTime now, Replies& replies);
  void Ask(Question question, int wait_seconds, net::Responder responder, SteadyTime now, Replies& replies);

  EcosphereState state_;
  StateStore& store_;
  const Duration heartbeat_timeout_;
  const std::size_t max_polls_;
  Polls polls_;
  bool reachable_;
  StoreFaults faults_;
  std::uint64_t fault_changes_ = 0;
  Duration retry_delay_{};              // of the store, growing
  std::optional<SteadyTime> retry_at_;  // likewise: it failed
  SteadyTime complain_at_{};            // not before, since this has been said
  bool behind_ = false;                 // the store holds events of another broker, which state_ lacks
  std::uint64_t events_ = 0;            // applied
};

}  // namespace eoa::broker
