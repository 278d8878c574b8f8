#include "operator/broker/broker_server.h"

#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "common/base/json_guard.h"
#include "common/base/number.h"
#include "common/net/http_server.h"
#include "operator/broker/broker.h"
#include "operator/broker/openapi.h"
#include "operator/broker/responses.h"
#include "operator/broker/routes.h"

namespace eoa::broker {
namespace {

using net::Responder;
using net::ServerRequest;

template <typename Message>
Answer<Message> ParseBody(const std::string& body) {
  const Result<nlohmann::json> document = ParseJson(body);
  if (!document.ok()) return Refuse(400, "InvalidBody", document.error().message());
  Result<Message> message = api::FromJson<Message>(*document);
  if (!message.ok()) return Refuse(400, "InvalidBody", message.error().message());
  return *std::move(message);
}

// The whole number in this part of the query; what is wrong with it goes to `problem`.
int QueryNumber(const ServerRequest& request, const std::string& name, std::optional<int> otherwise,
                std::optional<api::Problem>& problem) {
  const auto found = request.query.find(name);
  if (found == request.query.end() && otherwise) return *otherwise;
  const Result<std::int64_t> number = ParseInteger(found == request.query.end() ? "" : found->second);
  if (number.ok() && *number >= 0 && *number <= std::numeric_limits<int>::max()) return static_cast<int>(*number);
  problem = Refuse(400, "InvalidQuery", name + " must be a whole number of at least 0");
  return 0;
}

class Server final : public BrokerServer {
 public:
  Server(const BrokerServerOptions& options, const api::Job& job, EcosphereState state, StateStore& store, Clock& clock)
      : token_(options.token),
        uid_(job.metadata.uid),
        spec_(job.spec),
        clock_(clock),
        broker_(std::move(state), store, options.heartbeat_timeout, options.max_polls) {}

  Status Listen(const BrokerServerOptions& options) {
    net::HttpServerOptions http;
    http.address = options.address;
    http.port = options.port;
    http.threads = options.threads;
    EOA_ASSIGN_OR_RETURN(std::unique_ptr<net::HttpServer> started,
                         net::HttpServer::Start(http, [this](const ServerRequest& request, const Responder& responder) {
                           Handle(request, responder);
                         }));
    const std::scoped_lock lock(timer_mutex_);
    http_ = std::move(started);
    return OkStatus();
  }

  // What a restart has made due, and what waits for time alone.
  void Begin() { Tick(); }

  ~Server() override {
    // The timers' thread ends with the server; only then may what they use go.
    std::unique_ptr<net::HttpServer> http;
    {
      const std::scoped_lock lock(timer_mutex_);
      http = std::move(http_);
    }
  }

  std::uint16_t port() const override {
    const std::scoped_lock lock(timer_mutex_);
    return http_->port();
  }

  EcosphereView View() const override {
    const std::scoped_lock lock(mutex_);
    return MakeView(broker_.state());
  }

  void StopPopulation(const std::string& population, const std::string& reason) override {
    const int index = api::FindPopulation(spec_, population);
    if (index < 0) return;
    Change([&](SteadyTime now, Replies& replies) { broker_.Stop(index, reason, now, replies); });
  }

 private:
  // Runs `change` on the broker under the lock, then sends what it has answered and sets the timer.
  template <typename Function>
  void Change(Function change) {
    Replies replies;
    std::optional<SteadyTime> wakeup;
    const SteadyTime now = clock_.SteadyNow();
    {
      const std::scoped_lock lock(mutex_);
      change(now, replies);
      wakeup = broker_.NextWakeup(now);
    }
    for (auto& [responder, response] : replies) responder.Respond(std::move(response));
    if (wakeup) WakeAt(*wakeup, now);
  }

  void Tick() {
    Change([this](SteadyTime now, Replies& replies) { broker_.Tick(now, replies); });
  }

  void WakeAt(SteadyTime time, SteadyTime now) {
    const std::scoped_lock lock(timer_mutex_);
    if (!http_ || (timer_ && *timer_ <= time)) return;
    timer_ = time;
    http_->RunAfter(time - now, [this, time] {
      {
        const std::scoped_lock inner(timer_mutex_);
        if (timer_ != time) return;  // an earlier one was set since
        timer_.reset();
      }
      Tick();
    });
  }

  void Handle(const ServerRequest& request, const Responder& responder) {
    Answer<RouteMatch> match = MatchRoute(request.method, request.path);
    const auto* found = std::get_if<RouteMatch>(&match);
    if ((found == nullptr || !found->route->open) && !net::HasBearerToken(request.headers, token_)) {
      responder.Respond(ProblemResponse(
          Refuse(401, "Unauthorized", "the request must carry this job's token as 'Authorization: Bearer TOKEN'")));
    } else if (found == nullptr) {
      net::ServerResponse response = ProblemResponse(std::get<api::Problem>(match));
      if (response.status == 405) response.headers.Add("Allow", AllowedMethods(request.path));
      responder.Respond(std::move(response));
    } else if (auto problem = CheckPath(*found)) {
      responder.Respond(ProblemResponse(*problem));
    } else {
      Dispatch(found->route->operation, api::FindPopulation(spec_, found->population), request, responder);
    }
  }

  std::optional<api::Problem> CheckPath(const RouteMatch& match) const {
    const std::string_view path = match.route->path;
    if (path.find("{uid}") != std::string_view::npos && match.uid != uid_) {
      return Refuse(404, "UnknownJob", "this broker serves no job " + match.uid);
    }
    if (path.find("{population}") != std::string_view::npos && api::FindPopulation(spec_, match.population) < 0) {
      return Refuse(404, "UnknownPopulation", "the job has no population " + match.population);
    }
    return std::nullopt;
  }

  void Dispatch(Operation operation, int population, const ServerRequest& request, const Responder& responder) {
    switch (operation) {
      case Operation::kHeartbeat:
        return Heartbeat(population, request, responder);
      case Operation::kJoin:
        return Join(population, request, responder);
      case Operation::kReport:
        return Report(population, request, responder);
      case Operation::kDecision:
        return Decision(population, request, responder);
      case Operation::kFinish:
        return Finish(population, request, responder);
      case Operation::kEcosphere:
        return Ecosphere(responder);
      case Operation::kHistory:
        return History(request, responder);
      case Operation::kHealth:
        return responder.Respond(JsonResponse({{"status", "ok"}}));
      case Operation::kReady:
        return Ready(responder);
      case Operation::kOpenApi:
        return responder.Respond({.status = 200,
                                  .content_type = "application/json",
                                  .headers = {},
                                  .body = std::string(OpenApiDocument()),
                                  .file = {}});
    }
  }

  void Heartbeat(int population, const ServerRequest& request, const Responder& responder) {
    const auto body = ParseBody<api::HeartbeatRequest>(request.body);
    if (const auto* problem = std::get_if<api::Problem>(&body)) return responder.Respond(ProblemResponse(*problem));
    const SteadyTime now = clock_.SteadyNow();
    Answer<api::HeartbeatAnswer> answer;
    {
      const std::scoped_lock lock(mutex_);
      answer = broker_.Heartbeat(population, std::get<api::HeartbeatRequest>(body), now);
    }
    responder.Respond(broker::Respond(answer));
  }

  void Join(int population, const ServerRequest& request, const Responder& responder) {
    const auto body = ParseBody<api::JoinRequest>(request.body);
    if (const auto* problem = std::get_if<api::Problem>(&body)) return responder.Respond(ProblemResponse(*problem));
    Change([&](SteadyTime now, Replies& replies) {
      broker_.Join(population, std::get<api::JoinRequest>(body), responder, now, replies);
    });
  }

  void Report(int population, const ServerRequest& request, const Responder& responder) {
    const auto body = ParseBody<api::ReportRequest>(request.body);
    if (const auto* problem = std::get_if<api::Problem>(&body)) return responder.Respond(ProblemResponse(*problem));
    Change([&](SteadyTime now, Replies& replies) {
      const auto answer = broker_.Report(population, std::get<api::ReportRequest>(body), now, replies);
      replies.emplace_back(responder, broker::Respond(answer));
    });
  }

  void Decision(int population, const ServerRequest& request, const Responder& responder) {
    std::optional<api::Problem> problem;
    const DecisionPoll question{.population = population,
                                .attempt = QueryNumber(request, "attempt", {}, problem),
                                .generation = QueryNumber(request, "generation", {}, problem)};
    const int wait_seconds = QueryNumber(request, "waitSeconds", 0, problem);
    if (problem) return responder.Respond(ProblemResponse(*problem));
    Change(
        [&](SteadyTime now, Replies& replies) { broker_.Decision(question, wait_seconds, responder, now, replies); });
  }

  void Finish(int population, const ServerRequest& request, const Responder& responder) {
    const auto body = ParseBody<api::FinishRequest>(request.body);
    if (const auto* problem = std::get_if<api::Problem>(&body)) return responder.Respond(ProblemResponse(*problem));
    Change([&](SteadyTime now, Replies& replies) {
      const auto refused = broker_.Finish(population, std::get<api::FinishRequest>(body), now, replies);
      replies.emplace_back(responder, refused ? ProblemResponse(*refused) : JsonResponse(nlohmann::json::object()));
    });
  }

  void Ecosphere(const Responder& responder) const {
    nlohmann::json document;
    {
      const std::scoped_lock lock(mutex_);
      document = EcosphereJson(broker_.state());
    }
    responder.Respond(JsonResponse(document));
  }

  void History(const ServerRequest& request, const Responder& responder) const {
    std::optional<api::Problem> problem;
    const int from = QueryNumber(request, "from", 0, problem);
    if (problem) return responder.Respond(ProblemResponse(*problem));
    nlohmann::json document;
    {
      const std::scoped_lock lock(mutex_);
      document = HistoryJson(broker_.state(), from);
    }
    responder.Respond(JsonResponse(document));
  }

  void Ready(const Responder& responder) const {
    bool works = false;
    {
      const std::scoped_lock lock(mutex_);
      works = broker_.store_works();
    }
    if (works) return responder.Respond(JsonResponse({{"status", "ok"}}));
    responder.Respond(ProblemResponse(Refuse(503, "Unavailable", "the broker cannot store its state")));
  }

  const std::string token_;
  const std::string uid_;
  const api::JobSpec spec_;
  Clock& clock_;
  mutable std::mutex mutex_;
  Broker broker_;  // guarded by mutex_

  mutable std::mutex timer_mutex_;  // taken alone
  std::optional<SteadyTime> timer_;
  std::unique_ptr<net::HttpServer> http_;
};

}  // namespace

Result<std::unique_ptr<BrokerServer>> BrokerServer::Start(const BrokerServerOptions& options, const api::Job& job,
                                                          StateStore& store, Clock& clock) {
  if (options.token.empty()) return InvalidArgumentError("a broker needs a token");
  if (options.heartbeat_timeout <= Duration::zero()) return InvalidArgumentError("heartbeat_timeout must be positive");
  Result<EcosphereState> state = Broker::Restore(job.spec, store);
  if (!state.ok()) return std::move(state).error().WithContext("restoring the broker's state");
  auto server = std::make_unique<Server>(options, job, *std::move(state), store, clock);
  EOA_RETURN_IF_ERROR(server->Listen(options));
  server->Begin();
  return std::unique_ptr<BrokerServer>(std::move(server));
}

}  // namespace eoa::broker
