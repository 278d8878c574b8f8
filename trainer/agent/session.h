// AgentSession: what one pod's agent does next, as a pure state machine. It knows no socket, process, file or clock:
// events go in with the time at which they happened, actions come out (trainer/agent/session_types.h).
// trainer/agent/agent.cc carries them out.
//
//   Joining -> Running -> Finished        the usual way; a finished agent parks: heartbeats, serves weights, waits for
//   SIGTERM
//      ^          |
//      |          v worker lost, Rejoin
//      +--- Collapsing -> Waiting         all workers of the pod end, then a new incarnation joins
//
// A worker's exit code that forbids a retry, and a broker that says Stop, lead to Finished as well. StopRequested leads
// to Ended. Thread-safety: none; one owner. Copyable, so that tests can branch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "trainer/agent/exchange.h"
#include "trainer/agent/record.h"
#include "trainer/agent/session_types.h"

namespace eoa::agent {

class AgentSession {
 public:
  // `record` is what an earlier process of this pod left, or empty.
  AgentSession(PodSetup setup, Record record);

  // The first actions; call once.
  Actions Begin(SteadyTime now);
  Actions Handle(const Event& event, SteadyTime now);

  // When a Tick is due; nothing before Begin and after Exit.
  std::optional<SteadyTime> NextWakeup() const;

  // Counts incarnations; events of an earlier era are ignored.
  int era() const { return era_; }

 private:
  enum class Phase { kNew, kJoining, kRunning, kCollapsing, kWaiting, kFinished, kStopping, kEnded };

  struct Worker {
    std::optional<train::ProgressMessage> progress;
    std::optional<ExitStatus> exit;
    std::vector<int> checkpoints;
    std::string error;       // that it sent before it failed
    std::string error_code;  // ErrorCodeName
  };

  void On(const JoinAnswered& event);
  void On(const HeartbeatAnswered& event);
  void On(const ReportAnswered& event);
  void On(const DecisionAnswered& event);
  void On(const WeightsFetched& event);
  void On(const FinishAnswered& event);
  void On(const WorkerSaid& event);
  void On(const WorkerExited& event);
  void On(const StartFailed& event);
  void On(const Tick& event);
  void On(const StopRequested& event);

  void Hear(int worker, const train::ProgressMessage& message);
  void Hear(int worker, const train::GenerationEndMessage& message);
  void Hear(int worker, const train::MergedMessage& message);
  void Hear(int worker, const train::CheckpointedMessage& message);
  void Hear(int worker, const train::CheckpointLostMessage& message);
  void Hear(int worker, const train::ResultMessage& message);
  void Hear(int worker, const train::ErrorMessage& message);

  void Join();
  void SendJoinRequest();
  void StartAttempt(const api::JoinAnswer& answer);
  void Collapse(std::string reason);
  void EndCollapse();
  void Rejoin(const std::string& reason, Duration delay);
  void Finish(api::FinishRequest result);
  void Fail(std::string error);
  void Park();
  void StopWorkers(bool exit_then);
  void EndStopping();
  void Advance(ExchangeStep step);
  void Heartbeat();
  bool Stalled() const;
  void RetryLater();

  bool leads() const { return setup_.pod == 0; }
  const api::JobSpec& spec() const { return setup_.job->spec; }
  const api::PopulationSpec& population() const {
    return spec().populations[static_cast<std::size_t>(setup_.population)];
  }
  std::string incarnation() const { return setup_.incarnation_prefix + "-" + std::to_string(era_); }
  int MemberOf(int worker) const { return setup_.pod * population().members_per_pod + worker; }
  bool AllExited() const;
  std::vector<int> ResumableGenerations() const;
  void Complain(LogLevel level, const std::string& message, const std::string& reason);

  PodSetup setup_;
  Record record_;
  Exchange exchange_;
  Phase phase_ = Phase::kNew;
  int era_ = 0;
  int attempt_ = 0;
  int generation_ = 0;
  int failures_ = 0;  // in a row, without a checkpoint in between
  std::vector<Worker> workers_;
  std::string last_error_;  // of this pod's workers; the broker is told when joining again
  std::string complaint_;   // logged last, so that what repeats is logged once
  train::ExitCode exit_code_ = train::ExitCode::kOk;
  bool heartbeat_in_flight_ = false;
  bool exit_after_stop_ = false;

  SteadyTime now_{};  // of the event being handled
  SteadyTime heartbeat_at_{};
  SteadyTime last_progress_{};
  std::optional<SteadyTime> retry_at_;        // join or finish again
  std::optional<SteadyTime> phase_deadline_;  // of Joining, Collapsing and Stopping
  Duration retry_delay_{};
  Actions actions_;  // of the event being handled
};

// What this pod's workers do, as one heartbeat: the furthest-behind worker's position, speeds added, losses averaged.
api::HeartbeatRequest MergeProgress(const std::vector<const train::ProgressMessage*>& workers);

// True for exit codes after which the same attempt can only fail again.
bool IsFinal(const ExitStatus& status);

}  // namespace eoa::agent
