#include "operator/cluster/operator.h"

#include <atomic>
#include <utility>

#include "common/base/entropy.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/net/http_server.h"
#include "operator/broker/broker_service.h"
#include "operator/cluster/config_map_store.h"
#include "operator/cluster/controller.h"
#include "operator/cluster/event_recorder.h"
#include "operator/cluster/health.h"
#include "operator/cluster/job_cache.h"
#include "operator/cluster/leader_label.h"
#include "operator/cluster/token_review.h"
#include "operator/cluster/workers.h"
#include "operator/kube/api_client.h"
#include "operator/kube/leader_election.h"
#include "operator/kube/work_queue.h"

namespace eoa::cluster {
namespace {

constexpr Duration kGlance = std::chrono::milliseconds(200);  // between two looks at whether to stop, while waiting
constexpr Duration kLabelRetry = std::chrono::seconds(2);

std::uint64_t RandomSeed() { return HashName(RandomHex(16)); }

// Everything that lives as long as the process, in the order in which parts need each other.
class Running {
 public:
  Running(const OperatorOptions& options, const kube::Connection& connection, const HttpClientFactory& make_client,
          Clock& clock, StopSignal& stop)
      : options_(options),
        clock_(clock),
        stop_(stop),
        watch_http_(make_client()),
        write_http_(make_client()),
        event_http_(make_client()),
        lease_http_(make_client()),
        watch_client_(connection, *watch_http_, clock),
        write_client_(connection, *write_http_, clock,
                      {.requests_per_second = options.requests_per_second, .burst = options.burst}),
        event_client_(connection, *event_http_, clock, {.requests_per_second = 20, .burst = 50}),
        lease_client_(connection, *lease_http_, clock, {.timeout = options.renew_deadline / 2}),
        queue_(clock),
        seed_(RandomSeed()),
        cache_(options.namespaces, watch_client_, queue_, clock, seed_) {}

  Status Run(const std::function<void(const OperatorPorts&)>& on_ports);

 private:
  Status ServeStatus();
  Status WaitForCaches();
  Status Lead();
  Status ShutDown();
  void LabelOwnPod();
  net::ServerResponse Answer(const net::ServerRequest& request);
  bool Stopping() const { return stop_.reason() != StopSignal::Reason::kNone; }

  const OperatorOptions& options_;
  Clock& clock_;
  StopSignal& stop_;
  StopSignal started_;  // leadership
  const std::unique_ptr<net::HttpClient> watch_http_;
  const std::unique_ptr<net::HttpClient> write_http_;
  const std::unique_ptr<net::HttpClient> event_http_;
  const std::unique_ptr<net::HttpClient> lease_http_;
  kube::ApiClient watch_client_;
  kube::ApiClient write_client_;
  kube::ApiClient event_client_;
  kube::ApiClient lease_client_;
  kube::WorkQueue queue_;
  const std::uint64_t seed_;
  JobCache cache_;
  Health health_;
  std::unique_ptr<EventRecorder> events_;
  std::unique_ptr<broker::TokenVerifier> verifier_;
  std::unique_ptr<broker::BrokerService> broker_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<kube::LeaderElection> election_;
  std::unique_ptr<net::HttpServer> status_server_;  // last: its handler uses all of the above
};

Status Running::Run(const std::function<void(const OperatorPorts&)>& on_ports) {
  broker::BrokerServiceOptions broker;
  broker.address = options_.broker_address;
  broker.port = options_.broker_port;
  verifier_ = MakeTokenReview(write_client_, clock_);
  EOA_ASSIGN_OR_RETURN(broker_, broker::BrokerService::Start(broker, *verifier_, clock_));
  events_ = std::make_unique<EventRecorder>(event_client_, clock_, options_.identity);
  const Controller::Parts parts{cache_, write_client_, queue_, *broker_, *events_, clock_};
  controller_ = std::make_unique<Controller>(
      plan::TrainerSettings{options_.trainer_image, options_.broker_url}, parts,
      [this](const api::Job& job) { return std::make_unique<ConfigMapStore>(write_client_, job); });
  workers_ = std::make_unique<Workers>(queue_, clock_,
                                       [this](const kube::ObjectKey& key) { return controller_->Reconcile(key); });
  EOA_RETURN_IF_ERROR(ServeStatus());
  if (on_ports) on_ports({broker_->port(), status_server_->port()});

  cache_.Start();
  EOA_RETURN_IF_ERROR(WaitForCaches());
  if (Stopping()) return ShutDown();
  Log(LogLevel::kInfo, "caches are filled", {{"jobs", std::to_string(cache_.Jobs().size())}});
  return Lead();
}

Status Running::ServeStatus() {
  net::HttpServerOptions http;
  http.address = options_.metrics_address;
  http.port = options_.metrics_port;
  http.max_connections = 64;
  Result<std::unique_ptr<net::HttpServer>> server =
      net::HttpServer::Start(http, [this](const net::ServerRequest& request, const net::Responder& responder) {
        responder.Respond(Answer(request));
      });
  if (!server.ok()) return std::move(server).error().WithContext("serving metrics");
  status_server_ = *std::move(server);
  return OkStatus();
}

net::ServerResponse Running::Answer(const net::ServerRequest& request) {
  const std::string path = request.path.size() == 1 ? request.path[0] : "";
  std::optional<std::string> fault;
  if (path == "healthz") {
    fault = health_.Fault(cache_.stats(), queue_.stats(), clock_.SteadyNow());
  } else if (path == "readyz") {
    if (!cache_.synced()) fault = "waiting for caches: " + cache_.Missing();
  } else {
    return {.status = 404, .content_type = "text/plain", .body = "no such page\n"};
  }
  return {.status = fault ? 503 : 200, .content_type = "text/plain", .body = fault.value_or("ok") + "\n"};
}

Status Running::WaitForCaches() {
  const SteadyTime deadline = clock_.SteadyNow() + options_.sync_deadline;
  while (!cache_.WaitForSync(kGlance)) {
    if (Stopping()) return OkStatus();
    if (clock_.SteadyNow() < deadline) continue;
    return UnavailableError("caches not filled within " + std::to_string(ToSeconds(options_.sync_deadline)) +
                            " s: " + cache_.Missing());
  }
  return OkStatus();
}

Status Running::Lead() {
  if (options_.leader_elect) {
    kube::LeaderElectionOptions election;
    election.lease = {options_.lease_namespace, options_.lease_name};
    election.identity = options_.identity;
    election.lease_duration = options_.lease_duration;
    election.renew_deadline = options_.renew_deadline;
    election.retry_period = options_.retry_period;
    kube::LeaderElection::Callbacks callbacks;
    callbacks.on_started = [this] { started_.Ask(); };
    callbacks.on_lost = [this](const std::string& reason) {
      // First of all: from now on another may answer trainers.
      broker_->SetServing(false);
      Log(LogLevel::kError, "leadership is lost", {{"reason", reason}});
      stop_.LoseLeadership();
    };
    election_ = std::make_unique<kube::LeaderElection>(
        election, lease_client_, clock_, std::make_unique<SeededRandom>(seed_, StreamId{HashName("cluster/election")}),
        std::move(callbacks));
    Log(LogLevel::kInfo, "waiting for the lease", {{"lease", ToString(election.lease)}, {"identity", election.identity}});
    election_->Start();
    while (started_.Wait(kGlance) == StopSignal::Reason::kNone) {
      if (Stopping()) return ShutDown();
    }
  }
  Log(LogLevel::kInfo, "leading", {{"identity", options_.identity}});
  controller_->OpenBrokers();
  workers_->Start(options_.workers);
  broker_->SetServing(true);
  LabelOwnPod();
  while (stop_.Wait(std::chrono::hours(1)) == StopSignal::Reason::kNone) {
  }
  return ShutDown();
}

void Running::LabelOwnPod() {
  if (options_.pod_name.empty()) return;
  const kube::ObjectKey pod{options_.pod_namespace, options_.pod_name};
  while (!Stopping()) {
    const Status labelled = TakeLeaderLabel(write_client_, pod);
    if (labelled.ok()) return;
    Log(LogLevel::kWarning, "trainers cannot find this leader yet", {{"error", labelled.error().message()}});
    (void)stop_.Wait(kLabelRetry);
  }
}

Status Running::ShutDown() {
  if (stop_.reason() == StopSignal::Reason::kLeadershipLost) return AbortedError("leadership is lost");
  Log(LogLevel::kInfo, "stopping");
  broker_->SetServing(false);
  const bool drained = workers_->Drain(options_.drain_deadline);
  if (!drained) Log(LogLevel::kWarning, "a reconcile did not end in time");
  const bool leads = !options_.leader_elect || (election_ && election_->leads());
  if (leads && !options_.pod_name.empty()) {
    const Status dropped = DropLeaderLabel(write_client_, {options_.pod_namespace, options_.pod_name});
    if (!dropped.ok()) Log(LogLevel::kWarning, "leader label not removed", {{"error", dropped.error().message()}});
  }
  // Whoever has the Lease may write: not before everything here has ended.
  if (election_) election_->Stop(drained);
  cache_.Stop();
  status_server_.reset();
  return OkStatus();
}

}  // namespace

Status CheckOperatorOptions(const OperatorOptions& options) {
  if (options.trainer_image.empty()) return InvalidArgumentError("--trainer-image is empty");
  if (!options.broker_url.starts_with("http://") && !options.broker_url.starts_with("https://")) {
    return InvalidArgumentError("--broker-url '" + options.broker_url + "' is no http:// or https:// URL");
  }
  if (options.workers < 1) return InvalidArgumentError("--workers must be at least 1");
  if (!options.leader_elect) return OkStatus();
  kube::LeaderElectionOptions election;
  election.lease = {options.lease_namespace, options.lease_name};
  election.identity = options.identity;
  election.lease_duration = options.lease_duration;
  election.renew_deadline = options.renew_deadline;
  election.retry_period = options.retry_period;
  return kube::CheckLeaderElection(election);
}

void StopSignal::Set(Reason reason) {
  {
    const std::lock_guard lock(mutex_);
    if (reason_ == Reason::kNone || reason == Reason::kLeadershipLost) reason_ = reason;
  }
  changed_.notify_all();
}

StopSignal::Reason StopSignal::Wait(Duration limit) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [this] { return reason_ != Reason::kNone; });
  return reason_;
}

Status RunOperator(const OperatorOptions& options, const kube::Connection& connection,
                   const HttpClientFactory& make_client, Clock& clock, StopSignal& stop,
                   const std::function<void(const OperatorPorts&)>& on_ports) {
  EOA_RETURN_IF_ERROR(CheckOperatorOptions(options));
  Running running(options, connection, make_client, clock, stop);
  return running.Run(on_ports);
}

}  // namespace eoa::cluster
