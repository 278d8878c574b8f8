// AgentSession: what one pod's agent does next, as a pure state machine. It knows no socket, process, file or clock:
// events go in with the time at which they happened, actions come out (trainer/agent/session_types.h), and
// trainer/agent/agent.cc carries them out. Its phases and how they follow each other: trainer/agent/phases.h.
//
// Thread-safety: none; one owner. Copyable, so that tests can branch.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "trainer/agent/exchange.h"
#include "trainer/agent/gang.h"
#include "trainer/agent/phases.h"
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

  // When a Tick is due, later than the last one; nothing before Begin and after Exit.
  std::optional<SteadyTime> NextWakeup() const;

  // Counts this process's joins; events of an earlier era are ignored.
  int era() const { return era_; }
  Phase phase() const { return phase_; }

 private:
  // When `meet` is to be called; empty: not now. NextWakeup and Tick both follow from these alone, so `meet` must end
  // the phase, or leave `at` empty or later.
  struct Deadline {
    std::optional<SteadyTime> at;
    void (AgentSession::*meet)();
  };

  // Of the phase, in the order in which they are met; always as many.
  std::vector<Deadline> Deadlines() const;
  void MeetDeadlines();

  // What an event means in every phase (session.cc), and what in one (phases.cc); most mean nothing.
  void HandleInAnyPhase(const Event& event);
  void HandleInPhase(const Event& event);
  void HandleJoining(const Event& event);
  void HandleRunning(const Event& event);
  void HandleParked(const Event& event);
  void HandleStopRequest();

  void OnWorkerMessage(int worker, const train::ProgressMessage& message);
  void OnWorkerMessage(int worker, const train::MergedMessage& message);
  void OnWorkerMessage(int worker, const train::CheckpointedMessage& message);
  void OnWorkerMessage(int worker, const train::CheckpointLostMessage& message);
  void OnWorkerMessage(int worker, const train::ErrorMessage& message);
  void OnWorkerMessage(int, const train::GenerationEndMessage&) {}  // these two mean something to Running alone
  void OnWorkerMessage(int, const train::ResultMessage&) {}

  void Enter(Phase phase);  // first in each of the following
  void EnterJoining();
  void EnterRunning(const api::JoinAnswer& answer);
  void EnterCollapsing(std::string reason);
  void EnterWaiting(Duration pause);
  void EnterParked();
  void EnterStopping(bool then_exit);

  // Ends a phase.
  void GiveUpJoining();
  void EndCollapsing();
  void EndStopping();

  void RequestJoin();
  void FollowExchange(ExchangeStep step);
  void ContinueExchange() { FollowExchange(exchange_.OnTick(record_, now_)); }
  void RestartStalled();
  std::optional<SteadyTime> StallsAt() const;
  void ParkWithResult(api::FinishRequest result);
  void ParkWithFailure(std::string error);
  void DeliverResult();
  void LeaveAttempt(const std::string& reason);
  void Rejoin(const std::string& reason);
  void Heartbeat();
  std::optional<SteadyTime> HeartbeatDue() const;
  void OnHeartbeatAnswer(const HeartbeatAnswered& event);
  void RetryLater();

  bool leads() const { return setup_.pod == 0; }
  const api::JobSpec& spec() const { return setup_.job->spec; }
  const api::PopulationSpec& population() const { return spec().population(setup_.population); }
  std::string incarnation() const { return setup_.incarnation_prefix + "-" + std::to_string(era_); }
  std::vector<int> ResumableGenerations() const;
  void Emit(Action action) { actions_.push_back(std::move(action)); }
  void Log(LogLevel level, std::string message, std::vector<std::pair<std::string, std::string>> fields = {});
  void LogOnce(LogLevel level, const std::string& message, const std::string& reason);

  PodSetup setup_;
  Record record_;
  Exchange exchange_;
  Gang gang_;
  Phase phase_ = Phase::kNew;
  int era_ = 0;
  int attempt_ = 0;
  int generation_ = 0;
  int oldest_checkpoint_ = 0;  // whose files the workers have kept
  int failures_ = 0;           // in a row, without a checkpoint in between
  std::string last_error_;     // of this pod's workers; the broker is told when joining again
  std::string logged_last_;    // by LogOnce
  ExitCode exit_code_ = ExitCode::kOk;
  bool heartbeat_in_flight_ = false;
  bool exit_after_stop_ = false;

  SteadyTime now_{};  // of the event being handled
  SteadyTime heartbeat_at_{};
  SteadyTime last_progress_{};
  std::optional<SteadyTime> end_at_;    // of Joining, Collapsing, Waiting and Stopping
  std::optional<SteadyTime> retry_at_;  // of Joining and Parked: to ask, or to deliver, again
  Duration retry_pause_{};
  Actions actions_;  // of the event being handled
};

}  // namespace eoa::agent
