#include "broker/rest/served_job.h"

#include <limits>
#include <utility>

#include "broker/core/responses.h"
#include "common/base/json_guard.h"
#include "common/base/number.h"

namespace eoa::broker {
namespace {

using net::Responder;
using net::ServerRequest;

constexpr int kNoPopulation = -1;

template <typename Message>
Answer<Message> ParseBody(const ServerRequest& request) {
  const Result<nlohmann::json> document = ParseJson(request.body);
  if (!document.ok()) return Refuse(400, Refusal::kInvalidBody, document.error().message());
  Result<Message> message = api::FromJson<Message>(*document);
  if (!message.ok()) return Refuse(400, Refusal::kInvalidBody, message.error().message());
  return *std::move(message);
}

// The whole number in this part of the query.
Answer<int> QueryNumber(const ServerRequest& request, const std::string& name, std::optional<int> otherwise = {}) {
  const auto found = request.query.find(name);
  if (found == request.query.end() && otherwise) return *otherwise;
  const Result<std::int64_t> number = ParseInteger(found == request.query.end() ? "" : found->second);
  if (number.ok() && *number >= 0 && *number <= std::numeric_limits<int>::max()) return static_cast<int>(*number);
  return Refuse(400, Refusal::kInvalidQuery, name + " must be a whole number of at least 0");
}

}  // namespace

ServedJob::ServedJob(const api::Job& job, std::unique_ptr<StateStore> store, EcosphereState state, Clock& clock,
                     ServedJobOptions options)
    : job_(job),
      options_(std::move(options)),
      clock_(clock),
      store_(std::move(store)),
      broker_(std::move(state), *store_, options_.heartbeat_timeout, options_.max_polls, false) {}

Result<std::shared_ptr<ServedJob>> ServedJob::Open(const api::Job& job, std::unique_ptr<StateStore> store, Clock& clock,
                                                   ServedJobOptions options) {
  Result<EcosphereState> state = Broker::Restore(job.spec, *store);
  if (!state.ok()) return std::move(state).error().WithContext("restoring the broker's state");
  // The constructor is private.
  const auto served =
      std::shared_ptr<ServedJob>(new ServedJob(job, std::move(store), *std::move(state), clock, std::move(options)));
  const MutexLock lock(served->mutex_);
  served->Publish();
  return served;
}

// Runs `change` on the broker under the lock, then sends what it has answered, tells of it, and sets the timer.
template <typename Function>
void ServedJob::Change(Function change) {
  Replies replies;
  std::optional<SteadyTime> wakeup;
  bool changed = false;
  SteadyTime now;
  {
    const MutexLock lock(mutex_);
    now = clock_.SteadyNow();
    const std::uint64_t before = broker_.changes();
    change(now, replies);
    changed = broker_.changes() != before;
    if (changed) Publish();
    wakeup = broker_.NextWakeup(now);
  }
  for (auto& [responder, response] : replies) responder.Respond(std::move(response));
  if (changed && options_.on_change) options_.on_change();
  if (wakeup) WakeAt(*wakeup, now);
}

void ServedJob::WakeAt(SteadyTime time, SteadyTime now) {
  const MutexLock lock(timer_mutex_);
  if (timer_ && *timer_ <= time) return;
  timer_ = time;
  options_.wake_after(std::max(Duration::zero(), time - now));
}

void ServedJob::Tick() {
  {
    const MutexLock lock(timer_mutex_);
    // Another one is on its way when this came too early.
    if (timer_ && *timer_ > clock_.SteadyNow()) return;
    timer_.reset();
  }
  Change([this](SteadyTime now, Replies& replies) REQUIRES(mutex_) { broker_.Tick(now, replies); });
}

Answer<int> ServedJob::PopulationOf(const RouteMatch& match) const {
  if (match.route->scope != RouteScope::kPopulation) return kNoPopulation;
  const int population = api::FindPopulation(job_.spec, match.population);
  if (population >= 0) return population;
  return Refuse(404, Refusal::kUnknownPopulation, "the job has no population " + match.population);
}

Answer<api::HeartbeatAnswer> ServedJob::Heartbeat(const RouteMatch& match, const ServerRequest& request) {
  EOA_ASSIGN_OR_RETURN(const int population, PopulationOf(match));
  EOA_ASSIGN_OR_RETURN(const auto body, ParseBody<api::HeartbeatRequest>(request));
  return broker_.Heartbeat(population, body, clock_.SteadyNow());
}

bool ServedJob::TryHeartbeat(const RouteMatch& match, const ServerRequest& request, const Responder& responder) {
  if (!mutex_.TryLock()) return false;
  const auto answer = Heartbeat(match, request);
  mutex_.Unlock();
  responder.Respond(Respond(answer));
  return true;
}

void ServedJob::Handle(const RouteMatch& match, const ServerRequest& request, const Responder& responder) {
  const Answer<void> taken = Take(match, request, responder);
  if (!taken.ok()) responder.Respond(ProblemResponse(taken.error()));
}

Answer<void> ServedJob::Take(const RouteMatch& match, const ServerRequest& request, const Responder& responder) {
  EOA_ASSIGN_OR_RETURN(const int population, PopulationOf(match));
  switch (match.route->operation) {
    case Operation::kHeartbeat: {
      MutexLock lock(mutex_);
      const auto answer = Heartbeat(match, request);
      lock.Unlock();
      responder.Respond(Respond(answer));
      return {};
    }
    case Operation::kJoin: {
      EOA_ASSIGN_OR_RETURN(const auto body, ParseBody<api::JoinRequest>(request));
      Change([&](SteadyTime now, Replies& replies)
                 REQUIRES(mutex_) { broker_.Join(population, body, responder, now, replies); });
      return {};
    }
    case Operation::kReport: {
      EOA_ASSIGN_OR_RETURN(const auto body, ParseBody<api::ReportRequest>(request));
      Change([&](SteadyTime now, Replies& replies) REQUIRES(mutex_) {
        replies.emplace_back(responder, Respond(broker_.Report(population, body, now, replies)));
      });
      return {};
    }
    case Operation::kFinish: {
      EOA_ASSIGN_OR_RETURN(const auto body, ParseBody<api::FinishRequest>(request));
      Change([&](SteadyTime now, Replies& replies) REQUIRES(mutex_) {
        replies.emplace_back(responder, Respond(broker_.Finish(population, body, now, replies)));
      });
      return {};
    }
    case Operation::kDecision: {
      EOA_ASSIGN_OR_RETURN(const int attempt, QueryNumber(request, "attempt"));
      EOA_ASSIGN_OR_RETURN(const int generation, QueryNumber(request, "generation"));
      EOA_ASSIGN_OR_RETURN(const int wait_seconds, QueryNumber(request, "waitSeconds", 0));
      const DecisionPoll poll{.population = population, .attempt = attempt, .generation = generation};
      Change([&](SteadyTime now, Replies& replies)
                 REQUIRES(mutex_) { broker_.Decision(poll, wait_seconds, responder, now, replies); });
      return {};
    }
    case Operation::kEcosphere: {
      MutexLock lock(mutex_);
      const nlohmann::json document = EcosphereJson(broker_.state());
      lock.Unlock();
      responder.Respond(JsonResponse(document));
      return {};
    }
    case Operation::kHistory: {
      EOA_ASSIGN_OR_RETURN(const int from, QueryNumber(request, "from", 0));
      MutexLock lock(mutex_);
      const nlohmann::json document = HistoryJson(broker_.state(), from);
      lock.Unlock();
      responder.Respond(JsonResponse(document));
      return {};
    }
    case Operation::kHealth:
    case Operation::kReady:
    case Operation::kOpenApi:
      break;  // of no job
  }
  return {};
}

EcosphereView ServedJob::View() const {
  const MutexLock lock(mutex_);
  EcosphereView view = MakeView(broker_.state());
  view.store_fault = broker_.store_fault();
  return view;
}

void ServedJob::Publish() const {
  auto summary = std::make_shared<EcosphereView>(MakeSummary(broker_.state()));
  summary->store_fault = broker_.store_fault();
  const MutexLock lock(summary_mutex_);
  summary_ = std::move(summary);
}

std::shared_ptr<const EcosphereView> ServedJob::Summary() const {
  if (mutex_.TryLock()) {
    Publish();
    mutex_.Unlock();
  }
  const MutexLock lock(summary_mutex_);
  return summary_;
}

bool ServedJob::StoreWorks() const {
  const MutexLock lock(summary_mutex_);
  return !summary_->store_fault.has_value();
}

void ServedJob::BecomeReachable() {
  Change([this](SteadyTime now, Replies& /*none*/)
             REQUIRES(mutex_) { broker_.BecomeReachable(options_.serve_grace, now); });
}

void ServedJob::StopPopulation(const std::string& population, const std::string& reason) {
  const int index = api::FindPopulation(job_.spec, population);
  if (index < 0) return;
  Change([&](SteadyTime now, Replies& replies) REQUIRES(mutex_) { broker_.Stop(index, reason, now, replies); });
}

void ServedJob::RestartPopulation(const std::string& population, const std::string& reason) {
  const int index = api::FindPopulation(job_.spec, population);
  if (index < 0) return;
  Change([&](SteadyTime now, Replies& replies) REQUIRES(mutex_) { broker_.Restart(index, reason, now, replies); });
}

}  // namespace eoa::broker
