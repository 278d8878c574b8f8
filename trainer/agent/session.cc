#include "trainer/agent/session.h"

#include <algorithm>

#include "common/words/phases.h"

namespace eoa::agent {

AgentSession::AgentSession(PodSetup setup, Record record)
    : setup_(std::move(setup)), record_(std::move(record)), exchange_(setup_.job, setup_.population) {
  if (record_.job_uid == setup_.job->metadata.uid) return;
  record_ = {};
  record_.job_uid = setup_.job->metadata.uid;
}

Actions AgentSession::Begin(SteadyTime now) {
  now_ = now;
  for (const WeightsFile& weights : record_.weights) Emit(PublishWeights{weights});
  if (record_.finished) {
    attempt_ = record_.finished->attempt;
    generation_ = spec().ecosphere.generations;
    ParkWithResult(*record_.finished);
  } else {
    EnterJoining();
  }
  return std::exchange(actions_, {});
}

Actions AgentSession::Handle(const Event& event, SteadyTime now) {
  now_ = now;
  const bool tick = std::holds_alternative<Tick>(event.body);
  const bool stop = std::holds_alternative<StopRequested>(event.body);
  if (phase_ == Phase::kEnded || (!tick && !stop && event.era != era_)) return {};
  if (tick) {
    MeetDeadlines();
  } else if (stop) {
    HandleStopRequest();
  } else {
    HandleInAnyPhase(event);
    HandleInPhase(event);
  }
  return std::exchange(actions_, {});
}

std::optional<SteadyTime> AgentSession::NextWakeup() const {
  std::optional<SteadyTime> next;
  for (const Deadline& deadline : Deadlines()) {
    if (deadline.at && (!next || *deadline.at < *next)) next = deadline.at;
  }
  return next;
}

// A deadline that is met may move those behind it, or end the phase.
void AgentSession::MeetDeadlines() {
  const Phase phase = phase_;
  for (std::size_t i = 0; phase_ == phase && i < Deadlines().size(); ++i) {
    const Deadline deadline = Deadlines()[i];
    if (deadline.at && now_ >= *deadline.at) (this->*deadline.meet)();
  }
}

void AgentSession::HandleInAnyPhase(const Event& event) {
  if (const auto* received = std::get_if<MessageReceived>(&event.body)) {
    std::visit([&](const auto& message) { OnWorkerMessage(received->worker, message); }, received->message);
  } else if (const auto* exited = std::get_if<WorkerExited>(&event.body)) {
    gang_.OnExit(exited->worker, exited->status);
  } else if (std::holds_alternative<HeartbeatAnswered>(event.body)) {
    heartbeat_in_flight_ = false;
    heartbeat_at_ = now_ + setup_.heartbeat_interval;
  }
}

// ---- what workers send ----

void AgentSession::OnWorkerMessage(int worker, const train::ProgressMessage& message) {
  if (gang_.OnProgress(worker, message)) last_progress_ = now_;
  if (worker == 0) generation_ = message.generation;
}

void AgentSession::OnWorkerMessage(int, const train::MergedMessage& message) {
  // Asynchronous populations may ask for weights that are as old as maxStaleness.
  const int keep = 2 + spec().ecosphere.exchange.max_staleness;
  const WeightsFile weights{message.generation, message.file, message.crc32};
  AddWeights(record_, weights, static_cast<std::size_t>(keep));
  Emit(SaveRecord{record_});
  Emit(PublishWeights{weights});
}

void AgentSession::OnWorkerMessage(int worker, const train::CheckpointedMessage& message) {
  if (worker == 0) oldest_checkpoint_ = message.oldest;
  if (!gang_.OnCheckpoint(worker, message.generation)) return;
  failures_ = 0;
  AddCheckpoint(record_, message.generation, oldest_checkpoint_);
  Emit(SaveRecord{record_});
}

void AgentSession::OnWorkerMessage(int, const train::CheckpointLostMessage& message) {
  if (std::erase(record_.checkpoints, message.generation) == 0) return;
  const std::string next = record_.checkpoints.empty() ? "the beginning" : std::to_string(record_.checkpoints.back());
  Log(LogLevel::kWarning, "a checkpoint cannot be used; going back",
      {{"checkpoint", std::to_string(message.generation)}, {"next", next}});
  Emit(SaveRecord{record_});
}

void AgentSession::OnWorkerMessage(int worker, const train::ErrorMessage& message) {
  Log(LogLevel::kError, "a worker failed", {{"error", gang_.OnError(worker, message)}});
}

std::vector<int> AgentSession::ResumableGenerations() const {
  if (!leads()) return record_.checkpoints;
  std::vector<int> generations;
  for (const int generation : record_.checkpoints) {
    if (record_.rates.contains(generation)) generations.push_back(generation);
  }
  return generations;
}

// ---- heartbeats: of Running and Parked ----

void AgentSession::Heartbeat() {
  api::HeartbeatRequest request = gang_.Progress(generation_);
  if (exchange_.active()) request.phase = TrainerPhase::kExchanging;
  if (phase_ == Phase::kParked) {
    request.phase = TrainerPhase::kParked;
    request.images_per_second = 0;
  }
  request.pod = setup_.pod;
  request.incarnation = incarnation();
  request.attempt = attempt_;
  request.offline_generations = exchange_.offline_generations();
  request.weights_token = setup_.weights_token;
  heartbeat_in_flight_ = true;
  Emit(SendHeartbeat{request});
}

std::optional<SteadyTime> AgentSession::HeartbeatDue() const {
  if (heartbeat_in_flight_) return std::nullopt;
  return heartbeat_at_;
}

void AgentSession::OnHeartbeatAnswer(const HeartbeatAnswered& event) {
  const bool stale = !event.answer.ok() && event.answer.error().code() == ErrorCode::kAborted;
  if (!event.answer.ok() && !stale) {
    LogOnce(LogLevel::kWarning, "the broker does not answer heartbeats", event.answer.error().ToString());
    return;
  }
  logged_last_.clear();
  const api::AgentCommand command = stale ? api::AgentCommand::kRejoin : event.answer->command;
  const std::string reason = stale ? event.answer.error().message() : event.answer->reason;
  if (command == api::AgentCommand::kRejoin && !record_.finished) {
    last_error_.clear();
    Rejoin(reason);
  } else if (command == api::AgentCommand::kStop && phase_ == Phase::kRunning) {
    Log(LogLevel::kWarning, "the broker stops this population", {{"reason", reason}});
    EnterStopping(false);
  }
}

void AgentSession::RetryLater() {
  constexpr Duration kLongestPause = std::chrono::seconds(5);
  retry_at_ = now_ + retry_pause_;
  retry_pause_ = std::min(retry_pause_ * 2, kLongestPause);
}

void AgentSession::Log(LogLevel level, std::string message, std::vector<std::pair<std::string, std::string>> fields) {
  Emit(WriteLog{level, std::move(message), std::move(fields)});
}

// What repeats is logged once.
void AgentSession::LogOnce(LogLevel level, const std::string& message, const std::string& reason) {
  if (logged_last_ == message + reason) return;
  logged_last_ = message + reason;
  Log(level, message, {{"reason", reason}});
}

}  // namespace eoa::agent
