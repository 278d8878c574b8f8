#include "trainer/agent/session.h"

#include <algorithm>
#include <utility>

#include "trainer/agent/start_messages.h"

namespace eoa::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kJoinPollSeconds = 30;
constexpr Duration kFirstRetry = milliseconds(200);
constexpr Duration kLongestRetry = seconds(5);
// A lost peer ends several workers at once; the one to blame may be the last to be seen.
constexpr Duration kCollapseGrace = seconds(2);
constexpr Duration kStopGrace = seconds(2);
constexpr Duration kLongestRejoinDelay = seconds(10);

// The first failure is repeated at once; failures without a checkpoint in between ever more slowly.
Duration RejoinDelay(int failures) {
  if (failures <= 1) return Duration::zero();
  const Duration delay = milliseconds(500) * (1 << std::min(failures - 2, 10));
  return std::min(delay, kLongestRejoinDelay);
}

}  // namespace

AgentSession::AgentSession(PodSetup setup, Record record)
    : setup_(std::move(setup)), record_(std::move(record)), exchange_(setup_.job, setup_.population) {
  if (record_.job_uid == setup_.job->metadata.uid) return;
  record_ = {};
  record_.job_uid = setup_.job->metadata.uid;
}

Actions AgentSession::Begin(SteadyTime now) {
  now_ = now;
  for (const WeightsFile& weights : record_.weights) actions_.emplace_back(PublishWeights{weights});
  if (record_.finished) {
    attempt_ = record_.finished->attempt;
    generation_ = spec().ecosphere.generations;
    Finish(*record_.finished);
  } else {
    Join();
  }
  return std::exchange(actions_, {});
}

Actions AgentSession::Handle(const Event& event, SteadyTime now) {
  now_ = now;
  const bool timeless = std::holds_alternative<Tick>(event.body) || std::holds_alternative<StopRequested>(event.body);
  if (phase_ == Phase::kEnded || (!timeless && event.era != era_)) return {};
  std::visit([this](const auto& body) { On(body); }, event.body);
  return std::exchange(actions_, {});
}

std::optional<SteadyTime> AgentSession::NextWakeup() const {
  if (phase_ == Phase::kNew || phase_ == Phase::kEnded) return std::nullopt;
  std::optional<SteadyTime> next;
  const auto consider = [&next](std::optional<SteadyTime> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  consider(retry_at_);
  consider(phase_deadline_);
  if ((phase_ == Phase::kRunning || phase_ == Phase::kFinished) && !heartbeat_in_flight_) consider(heartbeat_at_);
  if (phase_ == Phase::kRunning) {
    consider(exchange_.NextWakeup());
    consider(last_progress_ + seconds(spec().run_policy.progress_deadline_seconds));
  }
  return next;
}

// ---- joining ----

void AgentSession::Join() {
  ++era_;
  phase_ = Phase::kJoining;
  phase_deadline_ = now_ + seconds(spec().run_policy.pre_running_deadline_seconds);
  retry_delay_ = kFirstRetry;
  heartbeat_in_flight_ = false;
  workers_.clear();
  SendJoinRequest();
}

void AgentSession::SendJoinRequest() {
  retry_at_.reset();
  actions_.emplace_back(SendJoin{{.pod = setup_.pod,
                                  .incarnation = incarnation(),
                                  .after_attempt = attempt_,
                                  .address = setup_.address,
                                  .weights_port = setup_.weights_port,
                                  .weights_token = setup_.weights_token,
                                  .checkpoints = ResumableGenerations(),
                                  .wait_seconds = kJoinPollSeconds,
                                  .last_error = last_error_}});
}

void AgentSession::On(const JoinAnswered& event) {
  if (phase_ != Phase::kJoining) return;
  if (!event.answer.ok() && event.answer.error().code() == ErrorCode::kFailedPrecondition) {
    // The population has ended; nothing is left to do but to wait to be stopped.
    Complain(LogLevel::kInfo, "parked", event.answer.error().message());
    Park();
  } else if (!event.answer.ok()) {
    Complain(LogLevel::kWarning, "cannot join", event.answer.error().ToString());
    RetryLater();
  } else if (!event.answer->ready) {
    Complain(LogLevel::kInfo, "waiting to start", event.answer->waiting_for);
    retry_delay_ = kFirstRetry;
    RetryLater();
  } else {
    StartAttempt(*event.answer);
  }
}

void AgentSession::StartAttempt(const api::JoinAnswer& answer) {
  phase_ = Phase::kRunning;
  phase_deadline_.reset();
  complaint_.clear();
  attempt_ = answer.attempt;
  generation_ = answer.resume_generation;
  heartbeat_at_ = now_;
  last_progress_ = now_;
  workers_.assign(static_cast<std::size_t>(population().members_per_pod), {});

  // What an earlier attempt made beyond the common checkpoint will be made anew.
  std::erase_if(record_.checkpoints, [&](int generation) { return generation > answer.resume_generation; });
  std::erase_if(record_.rates, [&](const auto& entry) { return entry.first > answer.resume_generation; });
  std::vector<double> rates;
  if (leads()) {
    if (answer.resume_generation == 0) record_.rates[0] = setup_.start_rates;
    const auto known = record_.rates.find(answer.resume_generation);
    if (known == record_.rates.end()) {
      Rejoin("no learning rates are known for generation " + std::to_string(answer.resume_generation), kFirstRetry);
      return;
    }
    rates = known->second;
  }
  actions_.emplace_back(SaveRecord{record_});
  actions_.emplace_back(Say{LogLevel::kInfo,
                            "attempt starts",
                            {{"attempt", std::to_string(attempt_)},
                             {"generation", std::to_string(generation_)},
                             {"worldSize", std::to_string(answer.world_size)},
                             {"firstRank", std::to_string(answer.first_rank)}}});
  actions_.emplace_back(StartWorkers{MakeStartMessages(setup_, answer, rates)});
  if (leads() && generation_ == spec().ecosphere.generations) {
    actions_.emplace_back(TellWorker{0, PlanFinish(spec(), setup_.population, record_.last_decision, {})});
  }
}

std::vector<int> AgentSession::ResumableGenerations() const {
  if (!leads()) return record_.checkpoints;
  std::vector<int> generations;
  for (const int generation : record_.checkpoints) {
    if (record_.rates.contains(generation)) generations.push_back(generation);
  }
  return generations;
}

// ---- the workers ----

void AgentSession::On(const WorkerSaid& event) {
  std::visit([&](const auto& message) { Hear(event.worker, message); }, event.message);
}

void AgentSession::Hear(int worker, const train::ProgressMessage& message) {
  std::optional<train::ProgressMessage>& last = workers_[static_cast<std::size_t>(worker)].progress;
  if (!last || last->generation != message.generation || last->step != message.step || last->phase != message.phase) {
    last_progress_ = now_;
  }
  last = message;
  if (worker == 0) generation_ = message.generation;
}

void AgentSession::Hear(int, const train::GenerationEndMessage& message) {
  if (phase_ != Phase::kRunning || !leads()) return;
  last_progress_ = now_;
  Advance(exchange_.Begin(attempt_, message, now_));
}

void AgentSession::Hear(int, const train::MergedMessage& message) {
  // Asynchronous populations may ask for weights that are as old as maxStaleness.
  const int keep = 2 + spec().ecosphere.exchange.max_staleness;
  const WeightsFile weights{message.generation, message.file, message.crc32};
  AddWeights(record_, weights, static_cast<std::size_t>(keep));
  actions_.emplace_back(SaveRecord{record_});
  actions_.emplace_back(PublishWeights{weights});
}

void AgentSession::Hear(int worker, const train::CheckpointedMessage& message) {
  workers_[static_cast<std::size_t>(worker)].checkpoints.push_back(message.generation);
  const bool complete = std::all_of(workers_.begin(), workers_.end(), [&](const Worker& each) {
    return std::find(each.checkpoints.begin(), each.checkpoints.end(), message.generation) != each.checkpoints.end();
  });
  if (!complete) return;
  failures_ = 0;
  // Workers keep one more, too: a peer may not have got as far.
  AddCheckpoint(record_, message.generation, spec().checkpoint.keep + 1);
  actions_.emplace_back(SaveRecord{record_});
}

void AgentSession::Hear(int, const train::CheckpointLostMessage& message) {
  if (std::erase(record_.checkpoints, message.generation) == 0) return;
  const std::string next = record_.checkpoints.empty() ? "the beginning" : std::to_string(record_.checkpoints.back());
  actions_.emplace_back(Say{LogLevel::kWarning,
                            "a checkpoint cannot be used; going back",
                            {{"checkpoint", std::to_string(message.generation)}, {"next", next}}});
  actions_.emplace_back(SaveRecord{record_});
}

void AgentSession::Hear(int, const train::ResultMessage& message) {
  if (phase_ != Phase::kRunning || !leads()) return;
  Finish({.attempt = attempt_,
          .succeeded = true,
          .error = {},
          .test_accuracy = message.test_accuracy,
          .test_loss = message.test_loss,
          .test_images = message.test_images,
          .model = message.model});
}

void AgentSession::Hear(int worker, const train::ErrorMessage& message) {
  std::string& error = workers_[static_cast<std::size_t>(worker)].error;
  workers_[static_cast<std::size_t>(worker)].error_code = message.code;
  error = "member " + std::to_string(MemberOf(worker)) + ": " + message.code + ": " + message.message;
  actions_.emplace_back(Say{LogLevel::kError, "a worker failed", {{"error", error}}});
}

bool AgentSession::AllExited() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) { return worker.exit.has_value(); });
}

void AgentSession::On(const WorkerExited& event) {
  Worker& worker = workers_[static_cast<std::size_t>(event.worker)];
  worker.exit = event.status;
  const bool all = AllExited();
  if (phase_ == Phase::kCollapsing) {
    if (all) EndCollapse();
  } else if (phase_ == Phase::kStopping) {
    if (all) EndStopping();
  } else if (phase_ == Phase::kRunning) {
    if (!event.status.ok()) {
      Collapse("member " + std::to_string(MemberOf(event.worker)) + " ended with " + event.status.ToString());
    } else if (all && leads()) {
      Collapse("the workers ended without a result");
    } else if (all) {
      Park();
    }
  }
}

void AgentSession::On(const StartFailed& event) {
  if (phase_ != Phase::kRunning) return;
  workers_.clear();
  Collapse("cannot start the workers: " + event.error.ToString());
}

// ---- losing and restarting the gang ----

void AgentSession::Collapse(std::string reason) {
  phase_ = Phase::kCollapsing;
  phase_deadline_ = now_ + kCollapseGrace;
  last_error_ = std::move(reason);
  exchange_.Reset();
  actions_.emplace_back(CancelCalls{});
  if (AllExited()) EndCollapse();
}

void AgentSession::EndCollapse() {
  phase_deadline_.reset();
  actions_.emplace_back(KillWorkers{});
  // Whose fault it was: first who must not be retried, then who did not merely lose a peer.
  const Worker* culprit = nullptr;
  int best = 0;
  for (const Worker& worker : workers_) {
    if (!worker.exit || worker.exit->ok()) continue;
    const bool lost_peer =
        worker.exit->signal == 0 && worker.exit->code == static_cast<int>(train::ExitCode::kPeerLost);
    const int weight = IsFinal(*worker.exit) ? 3 : lost_peer ? 1 : 2;
    if (weight <= best) continue;
    best = weight;
    culprit = &worker;
  }
  if (culprit != nullptr) {
    const auto member = MemberOf(static_cast<int>(culprit - workers_.data()));
    last_error_ = culprit->error.empty()
                      ? "member " + std::to_string(member) + " ended with " + culprit->exit->ToString()
                      : culprit->error;
  }
  if (best == 3) {
    exit_code_ = static_cast<train::ExitCode>(culprit->exit->code);
    Fail(last_error_);
    return;
  }
  const std::string reason = last_error_;
  // Who was left by a peer knows nothing of the cause; that peer's agent does.
  if (best == 1 && (culprit->error_code.empty() || culprit->error_code == ErrorCodeName(ErrorCode::kUnavailable))) {
    last_error_.clear();
  }
  Rejoin(reason, RejoinDelay(++failures_));
}

void AgentSession::Rejoin(const std::string& reason, Duration delay) {
  actions_.emplace_back(CancelCalls{});
  actions_.emplace_back(KillWorkers{});
  actions_.emplace_back(Say{LogLevel::kWarning,
                            "the attempt ended; joining again",
                            {{"attempt", std::to_string(attempt_)}, {"reason", reason}}});
  exchange_.Reset();
  if (delay <= Duration::zero()) {
    Join();
    return;
  }
  phase_ = Phase::kWaiting;
  retry_at_ = now_ + delay;
}

// ---- the exchange at a generation's end ----

void AgentSession::Advance(ExchangeStep step) {
  if (exchange_.active() || !step.actions.empty()) last_progress_ = now_;
  std::move(step.actions.begin(), step.actions.end(), std::back_inserter(actions_));
  if (!step.failure) return;
  if (step.failure->code() == ErrorCode::kAborted) {
    Rejoin(step.failure->message(), Duration::zero());
    return;
  }
  // The same reports and decision would fail again.
  exit_code_ = train::ExitCode::kBadConfiguration;
  actions_.emplace_back(KillWorkers{});
  exchange_.Reset();
  Fail(step.failure->ToString());
}

void AgentSession::On(const ReportAnswered& event) {
  if (phase_ == Phase::kRunning) Advance(exchange_.OnReport(event, record_, now_));
}

void AgentSession::On(const DecisionAnswered& event) {
  if (phase_ == Phase::kRunning) Advance(exchange_.OnDecision(event, record_, now_));
}

void AgentSession::On(const WeightsFetched& event) {
  if (phase_ == Phase::kRunning) Advance(exchange_.OnWeights(event, now_));
}

// ---- heartbeats ----

void AgentSession::Heartbeat() {
  std::vector<const train::ProgressMessage*> progress;
  for (const Worker& worker : workers_) {
    if (worker.progress) progress.push_back(&*worker.progress);
  }
  api::HeartbeatRequest request = MergeProgress(progress);
  if (progress.empty()) request.generation = generation_;
  if (exchange_.active()) request.phase = "Exchanging";
  if (phase_ == Phase::kFinished) {
    request.phase = "Parked";
    request.images_per_second = 0;
  }
  request.pod = setup_.pod;
  request.incarnation = incarnation();
  request.attempt = attempt_;
  request.offline_generations = exchange_.offline_generations();
  request.weights_token = setup_.weights_token;
  heartbeat_in_flight_ = true;
  actions_.emplace_back(SendHeartbeat{request});
}

void AgentSession::On(const HeartbeatAnswered& event) {
  heartbeat_in_flight_ = false;
  heartbeat_at_ = now_ + setup_.heartbeat_interval;
  if (phase_ != Phase::kRunning && phase_ != Phase::kFinished) return;
  const bool stale = !event.answer.ok() && event.answer.error().code() == ErrorCode::kAborted;
  if (!event.answer.ok() && !stale) {
    Complain(LogLevel::kWarning, "the broker does not answer heartbeats", event.answer.error().ToString());
    return;
  }
  complaint_.clear();
  const api::AgentCommand command = stale ? api::AgentCommand::kRejoin : event.answer->command;
  const std::string reason = stale ? event.answer.error().message() : event.answer->reason;
  if (command == api::AgentCommand::kRejoin && !record_.finished) {
    last_error_.clear();
    Rejoin(reason, Duration::zero());
  } else if (command == api::AgentCommand::kStop && phase_ == Phase::kRunning) {
    actions_.emplace_back(Say{LogLevel::kWarning, "the broker stops this population", {{"reason", reason}}});
    StopWorkers(false);
  }
}

// ---- the end ----

void AgentSession::Finish(api::FinishRequest result) {
  Park();
  retry_delay_ = kFirstRetry;
  record_.finished = std::move(result);
  actions_.emplace_back(SaveRecord{record_});
  actions_.emplace_back(SendFinish{*record_.finished});
}

void AgentSession::Fail(std::string error) {
  api::FinishRequest result;
  result.attempt = attempt_;
  result.succeeded = false;
  result.error = std::move(error);
  Finish(std::move(result));
}

void AgentSession::On(const FinishAnswered& event) {
  if (phase_ != Phase::kFinished || !record_.finished) return;
  if (event.status.ok()) {
    actions_.emplace_back(Say{LogLevel::kInfo, "the result is delivered; parked", {}});
  } else if (event.status.error().code() == ErrorCode::kAborted) {
    record_.finished.reset();
    Rejoin(event.status.error().message(), Duration::zero());
  } else {
    Complain(LogLevel::kWarning, "cannot deliver the result", event.status.error().ToString());
    RetryLater();
  }
}

void AgentSession::StopWorkers(bool exit_then) {
  phase_ = Phase::kStopping;
  exit_after_stop_ = exit_then;
  phase_deadline_ = now_ + kStopGrace;
  retry_at_.reset();
  exchange_.Reset();
  actions_.emplace_back(CancelCalls{});
  heartbeat_in_flight_ = false;
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    if (!workers_[worker].exit) actions_.emplace_back(TellWorker{static_cast<int>(worker), train::StopMessage{}});
  }
  if (AllExited()) EndStopping();
}

void AgentSession::EndStopping() {
  phase_deadline_.reset();
  actions_.emplace_back(KillWorkers{});
  if (exit_after_stop_) {
    phase_ = Phase::kEnded;
    actions_.emplace_back(Exit{exit_code_});
  } else {
    Park();
  }
}

void AgentSession::Park() {
  phase_ = Phase::kFinished;
  phase_deadline_.reset();
  retry_at_.reset();
  heartbeat_at_ = now_ + setup_.heartbeat_interval;
}

void AgentSession::On(const StopRequested&) {
  if (phase_ != Phase::kFinished && exit_code_ == train::ExitCode::kOk) exit_code_ = train::ExitCode::kPreempted;
  if (phase_ == Phase::kStopping) {
    exit_after_stop_ = true;  // told to stop already; the deadline stands
    return;
  }
  StopWorkers(true);
}

// ---- time ----

void AgentSession::On(const Tick&) {
  if (phase_deadline_ && now_ >= *phase_deadline_) {
    if (phase_ == Phase::kCollapsing) {
      EndCollapse();
    } else if (phase_ == Phase::kStopping) {
      EndStopping();
    } else if (phase_ == Phase::kJoining) {
      actions_.emplace_back(Say{LogLevel::kError, "not started within runPolicy.preRunningDeadlineSeconds", {}});
      exit_code_ = train::ExitCode::kPeerLost;
      StopWorkers(true);
    }
    return;
  }
  if (retry_at_ && now_ >= *retry_at_) {
    retry_at_.reset();
    if (phase_ == Phase::kJoining) SendJoinRequest();
    if (phase_ == Phase::kWaiting) Join();
    if (phase_ == Phase::kFinished && record_.finished) actions_.emplace_back(SendFinish{*record_.finished});
  }
  if (phase_ == Phase::kRunning) Advance(exchange_.OnTick(record_, now_));
  if (phase_ == Phase::kRunning && Stalled()) {
    Collapse("no step for " + std::to_string(spec().run_policy.progress_deadline_seconds) +
             " s (runPolicy.progressDeadlineSeconds)");
  }
  const bool beats = phase_ == Phase::kRunning || phase_ == Phase::kFinished;
  if (beats && !heartbeat_in_flight_ && now_ >= heartbeat_at_) Heartbeat();
}

bool AgentSession::Stalled() const {
  if (exchange_.active() || now_ - last_progress_ < seconds(spec().run_policy.progress_deadline_seconds)) return false;
  const bool all_exchange = std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
    return worker.progress && worker.progress->phase == "Exchanging";
  });
  if (!all_exchange) return true;
  // They wait for another pod's exchange, which has its own deadline; or else for each other.
  return leads() && spec().ecosphere.gradient_scope == api::GradientScope::kPopulation;
}

void AgentSession::RetryLater() {
  retry_at_ = now_ + retry_delay_;
  retry_delay_ = std::min(retry_delay_ * 2, kLongestRetry);
}

void AgentSession::Complain(LogLevel level, const std::string& message, const std::string& reason) {
  if (complaint_ == message + reason) return;
  complaint_ = message + reason;
  actions_.emplace_back(Say{level, message, {{"reason", reason}}});
}

}  // namespace eoa::agent
