#include "broker/core/broker.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "broker/core/responses.h"
#include "broker/core/rounds.h"
#include "common/base/check.h"
#include "common/base/log.h"

namespace eoa::broker {
namespace {

constexpr Duration kStoreRetry = std::chrono::seconds(1);  // doubled with each failure
constexpr Duration kLongestStoreRetry = std::chrono::seconds(16);
constexpr Duration kComplainAgain = std::chrono::minutes(1);

api::Problem NotStored() { return Refuse(503, Refusal::kUnavailable, "the broker cannot store its state; try again"); }

}  // namespace

Broker::Broker(EcosphereState state, StateStore& store, Duration heartbeat_timeout, std::size_t max_polls,
               bool reachable)
    : state_(std::move(state)),
      store_(store),
      heartbeat_timeout_(heartbeat_timeout),
      max_polls_(max_polls),
      reachable_(reachable) {}

Result<EcosphereState> Broker::Restore(const api::JobSpec& spec, StateStore& store) {
  EOA_ASSIGN_OR_RETURN(const std::vector<Event> events, store.Load());
  return StateAfter(spec, events);
}

Answer<api::HeartbeatAnswer> Broker::Heartbeat(int population, const api::HeartbeatRequest& request, SteadyTime now) {
  return TakeHeartbeat(state_, population, request, At(now));
}

Answer<api::ReportAnswer> Broker::Report(int population, const api::ReportRequest& request, SteadyTime now,
                                         Replies& replies) {
  EOA_ASSIGN_OR_RETURN(const ReportStep step, TakeReport(state_, population, request));
  if (step.event && !StoreReport(*step.event, now)) return NotStored();
  Settle(now, replies);
  return step.answer;
}

Answer<void> Broker::Finish(int population, const api::FinishRequest& request, SteadyTime now, Replies& replies) {
  EOA_ASSIGN_OR_RETURN(const std::optional<PopulationFinished> event, TakeFinish(state_, population, request));
  if (event && !Store(*event, now)) return NotStored();
  Settle(now, replies);
  return {};
}

void Broker::Join(int population, const api::JoinRequest& request, net::Responder responder, SteadyTime now,
                  Replies& replies) {
  api::JoinRequest bounded = request;
  bounded.wait_seconds = std::clamp(request.wait_seconds, 0, kLongestPollSeconds);
  if (const Answer<void> taken = TakeJoin(state_, population, bounded, now); !taken.ok()) {
    replies.emplace_back(std::move(responder), ProblemResponse(taken.error()));
    return;
  }
  Settle(now, replies);
  Ask(JoinPoll{population, bounded.pod, bounded.incarnation}, bounded.wait_seconds, std::move(responder), now, replies);
}

void Broker::Decision(const DecisionPoll& question, int wait_seconds, net::Responder responder, SteadyTime now,
                      Replies& replies) {
  Settle(now, replies);
  Ask(question, std::clamp(wait_seconds, 0, kLongestPollSeconds), std::move(responder), now, replies);
}

void Broker::Ask(Question question, int wait_seconds, net::Responder responder, SteadyTime now, Replies& replies) {
  if (auto response = AnswerTo(question, state_, wait_seconds == 0)) {
    replies.emplace_back(std::move(responder), *std::move(response));
  } else if (polls_.size() >= max_polls_) {
    replies.emplace_back(std::move(responder), ProblemResponse(Refuse(429, Refusal::kTooManyRequests,
                                                                      "too many requests wait for an answer")));
  } else {
    polls_.Add(std::move(question), now + std::chrono::seconds(wait_seconds), std::move(responder), state_, replies);
  }
}

void Broker::Stop(int population, const std::string& reason, SteadyTime now, Replies& replies) {
  if (state_.population(population).ended()) return;
  const PopulationStopped event{.population = state_.population(population).name, .reason = reason};
  // A stop takes effect even if it cannot be stored; after a restart whoever decided it asks again.
  if (!Store(event, now)) state_.population(population).stopped = reason;
  Settle(now, replies);
}

void Broker::Restart(int population, const std::string& reason, SteadyTime now, Replies& replies) {
  EndAttemptOf(state_, population, reason);
  Settle(now, replies);
}

void Broker::Tick(SteadyTime now, Replies& replies) {
  if (retry_at_ && now >= *retry_at_) {
    retry_at_.reset();
    CatchUp(now);
  }
  Settle(now, replies);
}

void Broker::BecomeReachable(Duration grace, SteadyTime now) {
  ForgiveSilence(state_, At(now), grace);
  reachable_ = true;
}

std::optional<SteadyTime> Broker::NextWakeup(SteadyTime now) const {
  std::optional<SteadyTime> next = NextDeadline(state_, now);
  for (const std::optional<SteadyTime>& other : {polls_.NextDeadline(), retry_at_}) {
    if (other && (!next || *other < *next)) next = other;
  }
  return next;
}

void Broker::CatchUp(SteadyTime now) {
  if (!behind_) return;
  Result<EcosphereState> state = Restore(state_.spec, store_);
  if (!state.ok()) {
    StoreFailed(state.error(), now);
    return;
  }
  Log(LogLevel::kWarning, "going on from what is stored, which another broker may have written");
  state->round_times = std::move(state_.round_times);
  state->attempts_ended = state_.attempts_ended;
  state_ = *std::move(state);
  behind_ = false;
  StoreWorked();
  ++events_;
}

void Broker::StoreFailed(const Error& error, SteadyTime now) {
  if (now >= complain_at_) {
    Log(LogLevel::kError, "the broker's state is not stored; trying again", {{"error", error.ToString()}});
    complain_at_ = now + kComplainAgain;
  }
  const bool another = !faults_.fault() || faults_.fault()->error.code() != error.code();
  faults_.Failed(error, now);
  if (another) ++fault_changes_;
  retry_delay_ = another ? kStoreRetry : std::min(2 * retry_delay_, kLongestStoreRetry);
  retry_at_ = now + retry_delay_;
}

void Broker::StoreWorked() {
  if (faults_.fault()) ++fault_changes_;
  faults_.Worked();
  retry_at_.reset();
  complain_at_ = {};
}

// False: they are not stored, and must not be part of the state.
bool Broker::Write(const std::vector<Event>& events, SteadyTime now) {
  const Status stored = store_.AppendTogether(events);
  if (!stored.ok()) {
    const ErrorCode code = stored.error().code();
    behind_ = code == ErrorCode::kAborted || code == ErrorCode::kDataLoss;
    StoreFailed(stored.error(), now);
    return false;
  }
  StoreWorked();
  events_ += events.size();
  return true;
}

void Broker::ApplyOwn(const Event& event) {
  TimeRound(event, state_);
  const Status applied = Apply(event, state_);
  EOA_CHECK(applied.ok(), "an event of this broker's own does not fit its state");
}

// An event that was decided while behind is dropped: it becomes due again, or its sender repeats it.
bool Broker::Store(Event event, SteadyTime now) {
  if (behind_) return false;
  StampRound(event, state_, now);
  if (!Write({event}, now)) {
    CatchUp(now);
    return false;
  }
  ApplyOwn(event);
  return true;
}

// The report that closes a round and the round's end are one write. Whether it does shows only with the report in the
// state, from which it is taken again when it cannot be stored.
bool Broker::StoreReport(ReportAccepted event, SteadyTime now) {
  if (behind_) return false;
  Event accepted = std::move(event);
  StampRound(accepted, state_, now);
  const auto& report = std::get<ReportAccepted>(accepted);
  const int generation = report.report.generation;
  Population& population = state_.population(api::FindPopulation(state_.spec, report.population));
  const Population population_before = population;
  const auto found = state_.rounds.find(generation);
  const std::optional<Round> round_before = found == state_.rounds.end() ? std::nullopt : std::optional(found->second);
  const Status applied = Apply(accepted, state_);
  EOA_CHECK(applied.ok(), "an event of this broker's own does not fit its state");

  std::vector<Event> events = {accepted};
  if (Result<std::optional<RoundClosed>> election = DueElection(state_, now); election.ok() && *election) {
    events.emplace_back(**std::move(election));
    StampRound(events.back(), state_, now);
  }
  if (!Write(events, now)) {
    population = population_before;
    if (round_before) {
      state_.rounds[generation] = *round_before;
    } else {
      state_.rounds.erase(generation);
    }
    CatchUp(now);
    return false;
  }
  TimeRound(accepted, state_);
  if (events.size() > 1) ApplyOwn(events.back());
  return true;
}

std::optional<Event> Broker::NextDue(SteadyTime now) {
  if (reachable_) {
    WatchPods(state_, At(now));
    DropLostPods(state_, At(now));
  }
  StartDeadlines(state_, now);
  for (const World& world : state_.worlds) {
    if (auto attempt = DueAttempt(state_, world)) return *std::move(attempt);
  }
  Result<std::optional<RoundClosed>> election = DueElection(state_, now);
  if (!election.ok()) {
    Log(LogLevel::kError, "no election is possible", {{"error", election.error().ToString()}});
    return std::nullopt;
  }
  if (*election) return **std::move(election);
  return std::nullopt;
}

void Broker::Settle(SteadyTime now, Replies& replies) {
  while (auto event = NextDue(now)) {
    if (!Store(*std::move(event), now)) break;
  }
  polls_.Collect(state_, now, replies);
}

}  // namespace eoa::broker
