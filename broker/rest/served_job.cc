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

template <typename Message>
Answer<Message> ParseBody(const std::string& body) {
  const Result<nlohmann::json> document = ParseJson(body);
  if (!document.ok()) return Refuse(400, Refusal::kInvalidBody, document.error().message());
  Result<Message> message = api::FromJson<Message>(*document);
  if (!message.ok()) return Refuse(400, Refusal::kInvalidBody, message.error().message());
  return *std::move(message);
}

// Hands the body to `use`, or answers what is wrong with it.
template <typename Message, typename Function>
void WithBody(const ServerRequest& request, const Responder& responder, Function use) {
  const auto body = ParseBody<Message>(request.body);
  if (const auto* problem = std::get_if<api::Problem>(&body)) return responder.Respond(ProblemResponse(*problem));
  use(std::get<Message>(body));
}

// The whole number in this part of the query; what is wrong with it goes to `problem`.
int QueryNumber(const ServerRequest& request, const std::string& name, std::optional<int> otherwise,
                std::optional<api::Problem>& problem) {
  const auto found = request.query.find(name);
  if (found == request.query.end() && otherwise) return *otherwise;
  const Result<std::int64_t> number = ParseInteger(found == request.query.end() ? "" : found->second);
  if (number.ok() && *number >= 0 && *number <= std::numeric_limits<int>::max()) return static_cast<int>(*number);
  problem = Refuse(400, Refusal::kInvalidQuery, name + " must be a whole number of at least 0");
  return 0;
}

}  // namespace

ServedJob::ServedJob(const api::Job& job, std::unique_ptr<StateStore> store, EcosphereState state, Clock& clock,
                     ServedJobOptions options)
    : job_(job),
      options_(std::move(options)),
      clock_(clock),
      store_(std::move(store)),
      broker_(std::move(state), *store_, options_.heartbeat_timeout, options_.max_polls) {}

Result<std::shared_ptr<ServedJob>> ServedJob::Open(const api::Job& job, std::unique_ptr<StateStore> store, Clock& clock,
                                                   ServedJobOptions options) {
  Result<EcosphereState> state = Broker::Restore(job.spec, *store);
  if (!state.ok()) return std::move(state).error().WithContext("restoring the broker's state");
  // The constructor is private.
  return std::shared_ptr<ServedJob>(new ServedJob(job, std::move(store), *std::move(state), clock, std::move(options)));
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

bool ServedJob::TryHeartbeat(int population, const ServerRequest& request, const Responder& responder) {
  if (!mutex_.TryLock()) return false;
  net::ServerResponse response = Heartbeat(population, request);
  mutex_.Unlock();
  responder.Respond(std::move(response));
  return true;
}

net::ServerResponse ServedJob::Heartbeat(int population, const ServerRequest& request) {
  const auto body = ParseBody<api::HeartbeatRequest>(request.body);
  if (const auto* problem = std::get_if<api::Problem>(&body)) return ProblemResponse(*problem);
  return Respond(broker_.Heartbeat(population, std::get<api::HeartbeatRequest>(body), clock_.SteadyNow()));
}

void ServedJob::Handle(Operation operation, int population, const ServerRequest& request, const Responder& responder) {
  switch (operation) {
    case Operation::kHeartbeat: {
      MutexLock lock(mutex_);
      net::ServerResponse response = Heartbeat(population, request);
      lock.Unlock();
      return responder.Respond(std::move(response));
    }
    case Operation::kJoin:
      return WithBody<api::JoinRequest>(request, responder, [&](const api::JoinRequest& body) {
        Change([&](SteadyTime now, Replies& replies)
                   REQUIRES(mutex_) { broker_.Join(population, body, responder, now, replies); });
      });
    case Operation::kReport:
      return WithBody<api::ReportRequest>(request, responder, [&](const api::ReportRequest& body) {
        Change([&](SteadyTime now, Replies& replies) REQUIRES(mutex_) {
          replies.emplace_back(responder, Respond(broker_.Report(population, body, now, replies)));
        });
      });
    case Operation::kFinish:
      return WithBody<api::FinishRequest>(request, responder, [&](const api::FinishRequest& body) {
        Change([&](SteadyTime now, Replies& replies) REQUIRES(mutex_) {
          const auto refused = broker_.Finish(population, body, now, replies);
          replies.emplace_back(responder, refused ? ProblemResponse(*refused) : JsonResponse(nlohmann::json::object()));
        });
      });
    case Operation::kDecision: {
      std::optional<api::Problem> problem;
      const DecisionPoll question{.population = population,
                                  .attempt = QueryNumber(request, "attempt", {}, problem),
                                  .generation = QueryNumber(request, "generation", {}, problem)};
      const int wait_seconds = QueryNumber(request, "waitSeconds", 0, problem);
      if (problem) return responder.Respond(ProblemResponse(*problem));
      return Change([&](SteadyTime now, Replies& replies)
                        REQUIRES(mutex_) { broker_.Decision(question, wait_seconds, responder, now, replies); });
    }
    case Operation::kEcosphere: {
      MutexLock lock(mutex_);
      const nlohmann::json document = EcosphereJson(broker_.state());
      lock.Unlock();
      return responder.Respond(JsonResponse(document));
    }
    case Operation::kHistory: {
      std::optional<api::Problem> problem;
      const int from = QueryNumber(request, "from", 0, problem);
      if (problem) return responder.Respond(ProblemResponse(*problem));
      MutexLock lock(mutex_);
      const nlohmann::json document = HistoryJson(broker_.state(), from);
      lock.Unlock();
      return responder.Respond(JsonResponse(document));
    }
    case Operation::kHealth:
    case Operation::kReady:
    case Operation::kOpenApi:
      break;  // of no job
  }
}

EcosphereView ServedJob::View() const {
  const MutexLock lock(mutex_);
  return MakeView(broker_.state());
}

bool ServedJob::StoreWorks() const {
  const MutexLock lock(mutex_);
  return broker_.store_works();
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
