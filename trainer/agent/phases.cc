// The steps between phases, and AgentSession's handlers, phase by phase.
#include "trainer/agent/phases.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/check.h"
#include "trainer/agent/session.h"
#include "trainer/agent/start_messages.h"

namespace eoa::agent {
namespace {

using enum Phase;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::pair<Phase, Phase> kSteps[] = {
    {kNew, kJoining},       {kNew, kParked},          {kJoining, kRunning},    {kJoining, kWaiting},
    {kJoining, kParked},    {kJoining, kStopping},    {kRunning, kJoining},    {kRunning, kCollapsing},
    {kRunning, kParked},    {kRunning, kStopping},    {kCollapsing, kJoining}, {kCollapsing, kWaiting},
    {kCollapsing, kParked}, {kCollapsing, kStopping}, {kWaiting, kJoining},    {kWaiting, kStopping},
    {kParked, kJoining},    {kParked, kStopping},     {kStopping, kParked},    {kStopping, kEnded},
};

constexpr int kJoinPollSeconds = 30;
constexpr Duration kFirstPause = milliseconds(200);
constexpr Duration kLongestRejoinPause = seconds(10);
// A lost peer ends several workers at once; the one to blame may be the last to be seen.
constexpr Duration kCollapseGrace = seconds(2);

// The first failure is repeated at once; failures without a checkpoint in between ever more slowly.
Duration RejoinPause(int failures) {
  if (failures <= 1) return Duration::zero();
  const Duration pause = milliseconds(500) * (1 << std::min(failures - 2, 10));
  return std::min(pause, kLongestRejoinPause);
}

}  // namespace

bool MayLead(Phase from, Phase to) {
  return std::find(std::begin(kSteps), std::end(kSteps), std::pair(from, to)) != std::end(kSteps);
}

// ---- all phases ----

void AgentSession::Enter(Phase phase) {
  EOA_CHECK(MayLead(phase_, phase), "a step between phases that is none");
  phase_ = phase;
  end_at_.reset();
  retry_at_.reset();
  retry_pause_ = kFirstPause;
}

std::vector<AgentSession::Deadline> AgentSession::Deadlines() const {
  switch (phase_) {
    case kNew:
    case kEnded:
      return {};
    case kJoining:
      return {{end_at_, &AgentSession::GiveUpJoining}, {retry_at_, &AgentSession::RequestJoin}};
    case kRunning:
      return {{exchange_.NextWakeup(), &AgentSession::ContinueExchange},
              {StallsAt(), &AgentSession::RestartStalled},
              {HeartbeatDue(), &AgentSession::Heartbeat}};
    case kCollapsing:
      return {{end_at_, &AgentSession::EndCollapsing}};
    case kWaiting:
      return {{end_at_, &AgentSession::EnterJoining}};
    case kParked:
      return {{retry_at_, &AgentSession::DeliverResult}, {HeartbeatDue(), &AgentSession::Heartbeat}};
    case kStopping:
      return {{end_at_, &AgentSession::EndStopping}};
  }
  return {};
}

void AgentSession::HandleInPhase(const Event& event) {
  const bool last_exit = std::holds_alternative<WorkerExited>(event.body) && gang_.AllExited();
  if (phase_ == kJoining) return HandleJoining(event);
  if (phase_ == kRunning) return HandleRunning(event);
  if (phase_ == kParked) return HandleParked(event);
  if (phase_ == kCollapsing && last_exit) return EndCollapsing();
  if (phase_ == kStopping && last_exit) return EndStopping();
}

void AgentSession::HandleStopRequest() {
  if (phase_ != kParked && exit_code_ == ExitCode::kOk) exit_code_ = ExitCode::kPreempted;
  // Workers that are stopping have been told already; their deadline stands.
  if (phase_ == kStopping) {
    exit_after_stop_ = true;
  } else {
    EnterStopping(true);
  }
}

// ---- Joining ----

void AgentSession::EnterJoining() {
  Enter(kJoining);
  ++era_;
  end_at_ = now_ + seconds(spec().run_policy.pre_running_deadline_seconds);
  heartbeat_in_flight_ = false;
  gang_ = {};
  RequestJoin();
}

void AgentSession::RequestJoin() {
  retry_at_.reset();
  Emit(SendJoin{{.pod = setup_.pod,
                 .incarnation = incarnation(),
                 .after_attempt = attempt_,
                 .address = setup_.address,
                 .weights_port = setup_.weights_port,
                 .weights_token = setup_.weights_token,
                 .checkpoints = ResumableGenerations(),
                 .wait_seconds = kJoinPollSeconds,
                 .last_error = last_error_}});
}

void AgentSession::HandleJoining(const Event& event) {
  const auto* joined = std::get_if<JoinAnswered>(&event.body);
  if (joined == nullptr) return;
  const Result<api::JoinAnswer>& answer = joined->answer;
  if (!answer.ok() && answer.error().code() == ErrorCode::kFailedPrecondition) {
    // The population has ended; nothing is left to do but to wait to be stopped.
    LogOnce(LogLevel::kInfo, "parked", answer.error().message());
    EnterParked();
  } else if (!answer.ok()) {
    LogOnce(LogLevel::kWarning, "cannot join", answer.error().ToString());
    RetryLater();
  } else if (!answer->ready) {
    LogOnce(LogLevel::kInfo, "waiting to start", answer->waiting_for);
    retry_pause_ = kFirstPause;
    RetryLater();
  } else {
    EnterRunning(*answer);
  }
}

void AgentSession::GiveUpJoining() {
  Log(LogLevel::kError, "not started within runPolicy.preRunningDeadlineSeconds");
  exit_code_ = ExitCode::kPeerLost;
  EnterStopping(true);
}

// ---- Running ----

void AgentSession::EnterRunning(const api::JoinAnswer& answer) {
  logged_last_.clear();
  attempt_ = answer.attempt;
  generation_ = answer.resume_generation;
  // What an earlier attempt made beyond the common checkpoint will be made anew.
  std::erase_if(record_.checkpoints, [&](int generation) { return generation > answer.resume_generation; });
  std::erase_if(record_.rates, [&](const auto& entry) { return entry.first > answer.resume_generation; });
  std::vector<double> rates;
  if (leads()) {
    if (answer.resume_generation == 0) record_.rates[0] = setup_.start_rates;
    const auto known = record_.rates.find(answer.resume_generation);
    if (known == record_.rates.end()) {
      LeaveAttempt("no learning rates are known for generation " + std::to_string(answer.resume_generation));
      EnterWaiting(kFirstPause);
      return;
    }
    rates = known->second;
  }
  Enter(kRunning);
  heartbeat_at_ = now_;
  last_progress_ = now_;
  gang_ = Gang(population().members_per_pod, setup_.pod * population().members_per_pod);
  Emit(SaveRecord{record_});
  Log(LogLevel::kInfo, "attempt starts",
      {{"attempt", std::to_string(attempt_)},
       {"generation", std::to_string(generation_)},
       {"worldSize", std::to_string(answer.world_size)},
       {"firstRank", std::to_string(answer.first_rank)}});
  Emit(StartWorkers{MakeStartMessages(setup_, answer, rates)});
  if (leads() && generation_ == spec().ecosphere.generations) {
    Emit(SendToWorker{0, PlanFinish(spec(), setup_.population, record_.last_decision, {})});
  }
}

void AgentSession::HandleRunning(const Event& event) {
  if (const auto* received = std::get_if<MessageReceived>(&event.body)) {
    const auto* end = std::get_if<train::GenerationEndMessage>(&received->message);
    const auto* result = std::get_if<train::ResultMessage>(&received->message);
    if (end != nullptr && leads()) FollowExchange(exchange_.Begin(attempt_, *end, now_));
    if (result != nullptr && leads()) {
      ParkWithResult({.attempt = attempt_,
                      .succeeded = true,
                      .error = {},
                      .test_accuracy = result->test_accuracy,
                      .test_loss = result->test_loss,
                      .test_images = result->test_images,
                      .model = result->model});
    }
  } else if (const auto* exited = std::get_if<WorkerExited>(&event.body)) {
    if (!exited->status.ok()) return EnterCollapsing(gang_.DescribeExit(exited->worker));
    if (!gang_.AllExited()) return;
    if (leads()) return EnterCollapsing("the workers ended without a result");
    EnterParked();
  } else if (const auto* failed = std::get_if<StartFailed>(&event.body)) {
    gang_ = {};
    EnterCollapsing("cannot start the workers: " + failed->error.ToString());
  } else if (const auto* report = std::get_if<ReportAnswered>(&event.body)) {
    FollowExchange(exchange_.OnReport(*report, record_, now_));
  } else if (const auto* decision = std::get_if<DecisionAnswered>(&event.body)) {
    FollowExchange(exchange_.OnDecision(*decision, record_, now_));
  } else if (const auto* weights = std::get_if<WeightsFetched>(&event.body)) {
    FollowExchange(exchange_.OnWeights(*weights, now_));
  } else if (const auto* heartbeat = std::get_if<HeartbeatAnswered>(&event.body)) {
    OnHeartbeatAnswer(*heartbeat);
  }
}

void AgentSession::FollowExchange(ExchangeStep step) {
  if (exchange_.active() || !step.actions.empty()) last_progress_ = now_;
  std::move(step.actions.begin(), step.actions.end(), std::back_inserter(actions_));
  if (!step.failure) return;
  if (step.failure->code() == ErrorCode::kAborted) {
    Rejoin(step.failure->message());
    return;
  }
  // The same reports and decision would fail again.
  exit_code_ = ExitCode::kBadConfiguration;
  Emit(KillWorkers{});
  exchange_.Reset();
  ParkWithFailure(step.failure->ToString());
}

// Not while the pod exchanges, nor while all its workers wait for another pod's exchange: those have deadlines of their
// own. On the leader's pod of a population that trains by itself, workers that all wait do so for each other.
std::optional<SteadyTime> AgentSession::StallsAt() const {
  if (exchange_.active()) return std::nullopt;
  const bool wait_for_each_other = leads() && spec().ecosphere.gradient_scope == api::GradientScope::kPopulation;
  if (gang_.AllExchange() && !wait_for_each_other) return std::nullopt;
  return last_progress_ + seconds(spec().run_policy.progress_deadline_seconds);
}

void AgentSession::RestartStalled() {
  EnterCollapsing("no step for " + std::to_string(spec().run_policy.progress_deadline_seconds) +
                  " s (runPolicy.progressDeadlineSeconds)");
}

// ---- Collapsing ----

void AgentSession::EnterCollapsing(std::string reason) {
  Enter(kCollapsing);
  end_at_ = now_ + kCollapseGrace;
  last_error_ = std::move(reason);
  exchange_.Reset();
  Emit(CancelCalls{});
  if (gang_.AllExited()) EndCollapsing();
}

void AgentSession::EndCollapsing() {
  Emit(KillWorkers{});
  const Blame blame = gang_.FindBlame();
  if (blame.fault != Fault::kNone) last_error_ = blame.reason;
  if (blame.fault == Fault::kFinal) {
    exit_code_ = static_cast<ExitCode>(blame.exit_code);
    ParkWithFailure(last_error_);
    return;
  }
  const std::string reason = last_error_;
  // A worker that only lost a peer cannot name the cause; the peer's agent reports it.
  if (!blame.names_cause) last_error_.clear();
  const Duration pause = RejoinPause(++failures_);
  if (pause <= Duration::zero()) return Rejoin(reason);
  LeaveAttempt(reason);
  EnterWaiting(pause);
}

// ---- Waiting ----

void AgentSession::LeaveAttempt(const std::string& reason) {
  Emit(CancelCalls{});
  Emit(KillWorkers{});
  Log(LogLevel::kWarning, "the attempt ended; joining again",
      {{"attempt", std::to_string(attempt_)}, {"reason", reason}});
  exchange_.Reset();
}

void AgentSession::Rejoin(const std::string& reason) {
  LeaveAttempt(reason);
  EnterJoining();
}

void AgentSession::EnterWaiting(Duration pause) {
  Enter(kWaiting);
  end_at_ = now_ + pause;
}

// ---- Parked ----

void AgentSession::EnterParked() {
  Enter(kParked);
  heartbeat_at_ = now_ + setup_.heartbeat_interval;
}

void AgentSession::ParkWithResult(api::FinishRequest result) {
  EnterParked();
  record_.finished = std::move(result);
  Emit(SaveRecord{record_});
  DeliverResult();
}

void AgentSession::ParkWithFailure(std::string error) {
  api::FinishRequest result;
  result.attempt = attempt_;
  result.succeeded = false;
  result.error = std::move(error);
  ParkWithResult(std::move(result));
}

void AgentSession::DeliverResult() {
  retry_at_.reset();
  Emit(SendFinish{*record_.finished});
}

void AgentSession::HandleParked(const Event& event) {
  if (const auto* heartbeat = std::get_if<HeartbeatAnswered>(&event.body)) OnHeartbeatAnswer(*heartbeat);
  const auto* finished = std::get_if<FinishAnswered>(&event.body);
  if (finished == nullptr || !record_.finished) return;
  if (finished->status.ok()) {
    Log(LogLevel::kInfo, "the result is delivered; parked");
  } else if (finished->status.error().code() == ErrorCode::kAborted) {
    record_.finished.reset();
    Rejoin(finished->status.error().message());
  } else {
    LogOnce(LogLevel::kWarning, "cannot deliver the result", finished->status.error().ToString());
    RetryLater();
  }
}

// ---- Stopping ----

void AgentSession::EnterStopping(bool then_exit) {
  Enter(kStopping);
  exit_after_stop_ = then_exit;
  end_at_ = now_ + setup_.stop_grace;
  exchange_.Reset();
  Emit(CancelCalls{});
  heartbeat_in_flight_ = false;
  for (int worker = 0; worker < gang_.size(); ++worker) {
    if (!gang_.has_exited(worker)) Emit(SendToWorker{worker, train::StopMessage{}});
  }
  if (gang_.AllExited()) EndStopping();
}

void AgentSession::EndStopping() {
  Emit(KillWorkers{});
  if (!exit_after_stop_) return EnterParked();
  Enter(kEnded);
  Emit(Exit{exit_code_});
}

}  // namespace eoa::agent
