#include "broker/rest/broker_service.h"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/core/responses.h"
#include "broker/rest/openapi.h"
#include "broker/rest/request_pool.h"
#include "broker/rest/routes.h"
#include "broker/rest/served_job.h"
#include "common/base/mutex.h"
#include "common/net/http_server.h"

namespace eoa::broker {
namespace {

using net::Responder;
using net::ServerRequest;
using net::ServerResponse;

api::Problem NotServing() { return Refuse(503, Refusal::kUnavailable, "this replica does not lead; try again"); }
api::Problem Overloaded() { return Refuse(503, Refusal::kUnavailable, "too many requests wait; try again"); }

class Service final : public BrokerService {
 public:
  Service(const BrokerServiceOptions& options, TokenVerifier& tokens, Clock& clock)
      : options_(options),
        tokens_(tokens),
        clock_(clock),
        serving_(options.serving),
        stores_({.threads = options.store_threads,
                 .max_waiting = options.max_waiting,
                 .max_waiting_of_key = options.max_waiting_of_job}),
        reviews_({.threads = options.review_threads,
                  .max_waiting = options.max_reviews_waiting,
                  .max_waiting_of_key = options.max_reviews_waiting_of_peer}) {}

  Status Listen() {
    net::HttpServerOptions http;
    http.address = options_.address;
    http.port = options_.port;
    http.threads = options_.threads;
    http.max_connections = options_.max_connections;
    http.max_connections_per_peer = options_.max_connections_per_peer;
    http.max_buffered_bytes_per_peer = options_.max_buffered_bytes_per_peer;
    http.gate = [this](const ServerRequest& head) { return RefuseByHead(head); };
    EOA_ASSIGN_OR_RETURN(http_, net::HttpServer::Start(http, [this](ServerRequest request, Responder responder) {
                           Handle(std::move(request), std::move(responder));
                         }));
    ready_ = true;
    return OkStatus();
  }

  ~Service() override {
    ready_ = false;
    reviews_.Stop();
    stores_.Stop();
    http_.reset();
    // Requests that still wait are counted as dropped while there is something to count in.
    jobs_.clear();
  }

  std::uint16_t port() const override { return http_->port(); }

  Status AddJob(const api::Job& job, std::unique_ptr<StateStore> store, std::function<void()> on_change) override {
    const std::string uid = job.metadata.uid;
    if (Find(uid)) return AlreadyExistsError("job " + uid + " is served already");
    EOA_ASSIGN_OR_RETURN(const std::shared_ptr<ServedJob> served,
                         ServedJob::Open(job, std::move(store), clock_,
                                         {.heartbeat_timeout = options_.heartbeat_timeout,
                                          .max_polls = options_.max_polls,
                                          .serve_grace = options_.serve_grace,
                                          .on_change = std::move(on_change),
                                          .wake_after = [this, uid](Duration delay) { WakeAfter(uid, delay); }}));
    {
      const MutexLock lock(jobs_mutex_);
      if (!jobs_.emplace(uid, served).second) return AlreadyExistsError("job " + uid + " is served already");
      expected_.erase(uid);
    }
    if (serving_) served->BecomeReachable();
    // What a restart has made due, and what waits for time alone.
    served->Tick();
    return OkStatus();
  }

  void ExpectJob(const std::string& uid) override {
    const MutexLock lock(jobs_mutex_);
    if (!jobs_.contains(uid)) expected_.insert(uid);
  }

  void RemoveJob(const std::string& uid) override {
    std::shared_ptr<ServedJob> gone;
    const MutexLock lock(jobs_mutex_);
    expected_.erase(uid);
    const auto found = jobs_.find(uid);
    if (found == jobs_.end()) return;
    gone = std::move(found->second);
    jobs_.erase(found);
  }

  std::optional<EcosphereView> View(const std::string& uid) const override {
    const std::shared_ptr<ServedJob> job = Find(uid);
    return job ? std::optional(job->View()) : std::nullopt;
  }

  std::shared_ptr<const EcosphereView> Summary(const std::string& uid) const override {
    const std::shared_ptr<ServedJob> job = Find(uid);
    return job ? job->Summary() : nullptr;
  }

  void StopPopulation(const std::string& uid, const std::string& population, const std::string& reason) override {
    if (const auto job = Find(uid)) job->StopPopulation(population, reason);
  }

  void RestartPopulation(const std::string& uid, const std::string& population, const std::string& reason) override {
    if (const auto job = Find(uid)) job->RestartPopulation(population, reason);
  }

  void SetServing(bool serving) override {
    serving_ = serving;
    if (!serving) return;
    for (const auto& job : AllJobs()) job->BecomeReachable();
  }

  BrokerServiceStats stats() const override {
    BrokerServiceStats copy;
    {
      const MutexLock lock(stats_mutex_);
      copy = stats_;
    }
    copy.in_flight = in_flight_;
    const MutexLock lock(jobs_mutex_);
    copy.jobs = jobs_.size();
    return copy;
  }

 private:
  // A request for a job, on its way.
  struct Call {
    RouteMatch match;
    ServerRequest request;
    Responder responder;
    std::shared_ptr<ServedJob> job;
    bool known = false;  // its token

    TokenQuestion question() const { return Question(*job, match, request); }
  };

  // What can be told of a request by its head: which job it is for, and whether its token is known to be good.
  struct Admission {
    std::shared_ptr<ServedJob> job;
    bool known = false;
  };

  static TokenQuestion Question(const ServedJob& job, const RouteMatch& match, const ServerRequest& head) {
    return {.job = job.job(), .population = match.population, .token = std::string(net::BearerToken(head.headers))};
  }

  std::shared_ptr<ServedJob> Find(const std::string& uid) const {
    const MutexLock lock(jobs_mutex_);
    const auto found = jobs_.find(uid);
    return found == jobs_.end() ? nullptr : found->second;
  }

  api::Problem Absent(const std::string& uid) const {
    const MutexLock lock(jobs_mutex_);
    if (!expected_.contains(uid)) return Refuse(404, Refusal::kUnknownJob, "this broker serves no job " + uid);
    return Refuse(503, Refusal::kUnavailable, "what is stored of job " + uid + " is not read yet; try again");
  }

  void WakeAfter(const std::string& uid, Duration delay) {
    if (!ready_) return;
    http_->RunAfter(delay, [this, uid] {
      const auto tick = [this, uid] {
        if (const auto job = Find(uid)) job->Tick();
      };
      // It must not be lost: with no room it is tried again.
      if (!stores_.Run(uid, tick)) WakeAfter(uid, std::chrono::milliseconds(100));
    });
  }

  // For a route that is not open.
  Answer<Admission> Admit(const RouteMatch& match, const ServerRequest& head) {
    if (!serving_) return NotServing();
    if (net::BearerToken(head.headers).empty()) return Denied(UnknownToken());
    const std::shared_ptr<ServedJob> job = Find(match.uid);
    if (!job) return Absent(match.uid);
    const std::optional<TokenVerdict> known = tokens_.Known(Question(*job, match, head));
    if (known && !known->ok()) return Denied(known->error());
    return Admission{.job = job, .known = known.has_value()};
  }

  static ServerResponse NoRoute(const api::Problem& problem, const ServerRequest& head) {
    ServerResponse response = ProblemResponse(problem);
    if (response.status == 405) response.headers.Add("Allow", AllowedMethods(head.path));
    return response;
  }

  // On a thread of the server, before a body is read.
  std::optional<ServerResponse> RefuseByHead(const ServerRequest& head) {
    const Answer<RouteMatch> match = MatchRoute(head.method, head.path);
    if (!match.ok()) return NoRoute(match.error(), head);
    if (match->route->scope == RouteScope::kOpen) return std::nullopt;
    const Answer<Admission> admitted = Admit(*match, head);
    if (admitted.ok()) return std::nullopt;
    ServerResponse response = ProblemResponse(admitted.error());
    Count(match->route->path, response.status, Duration::zero());
    return response;
  }

  void Handle(ServerRequest request, Responder responder) {
    const SteadyTime begin = clock_.SteadyNow();
    Answer<RouteMatch> match = MatchRoute(request.method, request.path);
    if (!match.ok()) return responder.Respond(NoRoute(match.error(), request));
    ++in_flight_;
    responder.Observe([this, path = match->route->path, begin](int status) {
      --in_flight_;
      Count(path, status, clock_.SteadyNow() - begin);
    });
    if (match->route->scope == RouteScope::kOpen) return HandleOpen(match->route->operation, responder);
    Answer<Admission> admitted = Admit(*match, request);
    if (!admitted.ok()) return responder.Respond(ProblemResponse(admitted.error()));
    HandleJob(std::make_shared<Call>(
        Call{*std::move(match), std::move(request), std::move(responder), std::move(admitted->job), admitted->known}));
  }

  // On a thread of the server: what may block, a token review or a store, goes on in a pool.
  void HandleJob(const std::shared_ptr<Call>& call) {
    if (call->known) return Serve(call);
    const bool taken = reviews_.Run(call->match.uid + "\n" + call->request.peer, [this, call] {
      const TokenVerdict verdict = tokens_.Verify(call->question());
      if (!verdict.ok()) return call->responder.Respond(ProblemResponse(Denied(verdict.error())));
      Serve(call);
    });
    if (!taken) call->responder.Respond(ProblemResponse(Overloaded()));
  }

  void Serve(const std::shared_ptr<Call>& call) {
    const bool heartbeat = call->match.route->operation == Operation::kHeartbeat;
    if (heartbeat && call->job->TryHeartbeat(call->match, call->request, call->responder)) return;
    const bool taken =
        stores_.Run(call->match.uid, [call] { call->job->Handle(call->match, call->request, call->responder); });
    if (!taken) call->responder.Respond(ProblemResponse(Overloaded()));
  }

  void HandleOpen(Operation operation, const Responder& responder) const {
    if (operation == Operation::kOpenApi) {
      return responder.Respond({.status = 200,
                                .content_type = "application/json",
                                .headers = {},
                                .body = std::string(OpenApiDocument()),
                                .file = {}});
    }
    if (operation == Operation::kReady && !AllStoresWork()) {
      return responder.Respond(
          ProblemResponse(Refuse(503, Refusal::kUnavailable, "the broker cannot store its state")));
    }
    responder.Respond(JsonResponse({{"status", "ok"}}));
  }

  std::vector<std::shared_ptr<ServedJob>> AllJobs() const {
    std::vector<std::shared_ptr<ServedJob>> jobs;
    const MutexLock lock(jobs_mutex_);
    for (const auto& [uid, job] : jobs_) jobs.push_back(job);
    return jobs;
  }

  bool AllStoresWork() const {
    const std::vector<std::shared_ptr<ServedJob>> jobs = AllJobs();
    return std::all_of(jobs.begin(), jobs.end(), [](const auto& job) { return job->StoreWorks(); });
  }

  api::Problem Denied(const api::Problem& problem) {
    const MutexLock lock(stats_mutex_);
    ++stats_.denied[problem.reason];
    return problem;
  }

  void Count(std::string_view path, int status, Duration took) {
    const MutexLock lock(stats_mutex_);
    BrokerServiceStats::Route& route = stats_.routes[std::string(path)];
    ++route.answers[status];
    route.seconds.Observe(ToSeconds(took));
  }

  const BrokerServiceOptions options_;
  TokenVerifier& tokens_;
  Clock& clock_;
  std::atomic<bool> serving_;
  std::atomic<bool> ready_ = false;
  std::atomic<std::uint64_t> in_flight_ = 0;
  mutable Mutex jobs_mutex_;
  std::unordered_map<std::string, std::shared_ptr<ServedJob>> jobs_ GUARDED_BY(jobs_mutex_);
  std::unordered_set<std::string> expected_ GUARDED_BY(jobs_mutex_);
  mutable Mutex stats_mutex_;
  BrokerServiceStats stats_ GUARDED_BY(stats_mutex_);  // routes and denied
  std::unique_ptr<net::HttpServer> http_;
  RequestPool stores_;
  RequestPool reviews_;
};

}  // namespace

Result<std::unique_ptr<BrokerService>> BrokerService::Start(const BrokerServiceOptions& options, TokenVerifier& tokens,
                                                            Clock& clock) {
  if (options.heartbeat_timeout <= Duration::zero()) return InvalidArgumentError("heartbeat_timeout must be positive");
  if (options.threads < 1 || options.store_threads < 1 || options.review_threads < 1)
    return InvalidArgumentError("a broker needs threads");
  auto service = std::make_unique<Service>(options, tokens, clock);
  EOA_RETURN_IF_ERROR(service->Listen());
  return std::unique_ptr<BrokerService>(std::move(service));
}

}  // namespace eoa::broker
