#include "operator/cluster/operator.h"

#include <atomic>
#include <utility>

#include "broker/rest/broker_service.h"
#include "common/base/entropy.h"
#include "common/base/log.h"
#include "common/base/random.h"
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
#include "operator/metrics/health_server.h"
#include "operator/metrics/metrics_server.h"
#include "operator/metrics/snapshots.h"

namespace eoa::cluster {
namespace {

constexpr Duration kGlance = std::chrono::milliseconds(200);  // between two looks at whether to stop, while waiting
constexpr Duration kLabelRetry = std::chrono::seconds(2);
// Until the label of this pod has reached the Service, and agents look its name up again.
constexpr Duration kServeGrace = std::chrono::seconds(30);

// A pod's agent has a few connections. Behind one address may be all pods of a node.
constexpr std::size_t kBrokerConnections = 8192;
constexpr std::size_t kConnectionsPerPeer = 512;
constexpr std::size_t kBufferedBytesPerPeer = std::size_t{8} << 20;

std::uint64_t RandomSeed() { return HashName(RandomHex(16)); }

kube::LeaderElectionOptions ElectionOptions(const OperatorOptions& options) {
  kube::LeaderElectionOptions election;
  election.lease = {options.lease_namespace, options.lease_name};
  election.identity = options.identity;
  election.lease_duration = options.lease_duration;
  election.renew_deadline = options.renew_deadline;
  election.retry_period = options.retry_period;
  return election;
}

std::vector<metrics::CacheSnapshot> Snapshots(const std::vector<CacheStats>& caches) {
  std::vector<metrics::CacheSnapshot> snapshots;
  snapshots.reserve(caches.size());
  for (const CacheStats& cache : caches) {
    snapshots.push_back({std::string(cache.resource), cache.name_space, cache.store, cache.reflector.counts,
                         cache.reflector.synced, cache.reflector.quiet});
  }
  return snapshots;
}

// Everything that lives as long as the process, in the order in which parts need each other.
class RunningOperator final : public Operator {
 public:
  RunningOperator(const OperatorOptions& options, const kube::Connection& connection,
                  const HttpClientFactory& make_client, Clock& clock, StopSignal& stop)
      : options_(options),
        clock_(clock),
        stop_(stop),
        watch_http_(make_client()),
        write_http_(make_client()),
        event_http_(make_client()),
        lease_http_(make_client()),
        review_http_(make_client()),
        watch_client_(connection, *watch_http_, clock),
        write_client_(connection, *write_http_, clock,
                      {.requests_per_second = options.requests_per_second, .burst = options.burst}),
        event_client_(connection, *event_http_, clock, {.requests_per_second = 20, .burst = 50}),
        lease_client_(connection, *lease_http_, clock, {.timeout = options.renew_deadline / 2}),
        review_client_(connection, *review_http_, clock),
        queue_(clock),
        seed_(RandomSeed()),
        cache_(options.namespaces, watch_client_, queue_, clock, seed_) {}

  Status Run(const std::function<void(const OperatorPorts&)>& on_ports) override;

 private:
  void MakeElection();
  Status ServeStatus();
  Status WaitForCaches();
  Status Lead();
  Status ShutDown();
  void KeepLeaderLabel();
  bool Stopping() const { return stop_.reason() != StopSignal::Reason::kNone; }

  const OperatorOptions& options_;
  Clock& clock_;
  StopSignal& stop_;
  std::atomic<bool> leads_ = false;  // since the election was won
  const std::unique_ptr<net::HttpClient> watch_http_;
  const std::unique_ptr<net::HttpClient> write_http_;
  const std::unique_ptr<net::HttpClient> event_http_;
  const std::unique_ptr<net::HttpClient> lease_http_;
  const std::unique_ptr<net::HttpClient> review_http_;
  kube::ApiClient watch_client_;
  kube::ApiClient write_client_;
  kube::ApiClient event_client_;
  kube::ApiClient lease_client_;
  kube::ApiClient review_client_;
  kube::WorkQueue queue_;
  const std::uint64_t seed_;
  JobCache cache_;
  Health health_;
  std::unique_ptr<EventRecorder> events_;
  std::unique_ptr<TokenReview> verifier_;
  std::unique_ptr<broker::BrokerService> broker_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<kube::LeaderElection> election_;
  std::unique_ptr<metrics::HealthServer> health_server_;  // last: they read all of the above
  std::unique_ptr<metrics::MetricsServer> metrics_server_;
};

Status RunningOperator::Run(const std::function<void(const OperatorPorts&)>& on_ports) {
  EOA_RETURN_IF_ERROR(CheckOperatorOptions(options_));
  broker::BrokerServiceOptions broker;
  broker.address = options_.broker_address;
  broker.port = options_.broker_port;
  broker.serving = false;
  broker.serve_grace = kServeGrace;
  broker.max_connections = kBrokerConnections;
  broker.max_connections_per_peer = kConnectionsPerPeer;
  broker.max_buffered_bytes_per_peer = kBufferedBytesPerPeer;
  verifier_ = MakeTokenReview(review_client_, clock_);
  EOA_ASSIGN_OR_RETURN(broker_, broker::BrokerService::Start(broker, *verifier_, clock_));
  events_ = std::make_unique<EventRecorder>(event_client_, clock_, options_.identity);
  const Controller::Parts parts{cache_, write_client_, queue_, *broker_, *events_, clock_};
  controller_ = std::make_unique<Controller>(
      plan::TrainerSettings{options_.trainer_image, options_.broker_url}, parts,
      [this](const api::Job& job, const api::JobStatus& status) {
        return std::make_unique<ConfigMapStore>(
            write_client_, job,
            ConfigMapStoreOptions{.fresh = !status.phase.has_value(), .generations = status.progress.generation});
      });
  workers_ = std::make_unique<Workers>(queue_, clock_,
                                       [this](const kube::ObjectKey& key) { return controller_->Reconcile(key); });
  if (options_.leader_elect) MakeElection();
  EOA_RETURN_IF_ERROR(ServeStatus());
  Log(LogLevel::kInfo, "listening",
      {{"broker", std::to_string(broker_->port())},
       {"metrics", std::to_string(metrics_server_->port())},
       {"health", std::to_string(health_server_->port())}});
  if (on_ports) on_ports({broker_->port(), metrics_server_->port(), health_server_->port()});

  cache_.Start();
  EOA_RETURN_IF_ERROR(WaitForCaches());
  if (Stopping()) return ShutDown();
  Log(LogLevel::kInfo, "caches are filled", {{"jobs", std::to_string(cache_.Jobs().size())}});
  return Lead();
}

Status RunningOperator::ServeStatus() {
  metrics::MetricsSources sources;
  sources.version = options_.version;
  sources.reconcile = [this] { return workers_->stats(); };
  sources.controller_counts = [this] { return controller_->stats(); };
  sources.events = [this] { return events_->stats(); };
  sources.tokens = [this] { return verifier_->stats(); };
  sources.queue = [this] { return queue_.stats(); };
  sources.clients = [this] {
    return std::vector<kube::ApiClientStats>{watch_client_.stats(), write_client_.stats(), event_client_.stats(),
                                             lease_client_.stats(), review_client_.stats()};
  };
  if (election_) {
    sources.election = [this] { return metrics::ElectionSnapshot{options_.lease_name, election_->stats()}; };
  }
  sources.caches = [this] { return Snapshots(cache_.stats()); };
  sources.broker = [this] { return broker_->stats(); };
  sources.jobs = [this] { return controller_->Jobs(); };
  const metrics::Probe unhealthy = [this] { return health_.Fault(cache_.stats(), queue_.stats(), clock_.SteadyNow()); };
  const metrics::Probe unready = [this]() -> std::optional<std::string> {
    if (cache_.synced()) return std::nullopt;
    return "waiting for caches: " + cache_.Missing();
  };
  EOA_ASSIGN_OR_RETURN(health_server_, metrics::HealthServer::Start({options_.health_address, options_.health_port},
                                                                    unhealthy, unready));
  EOA_ASSIGN_OR_RETURN(metrics_server_, metrics::MetricsServer::Start({options_.metrics_address, options_.metrics_port},
                                                                      std::move(sources), clock_, RealFileSystem()));
  return OkStatus();
}

void RunningOperator::MakeElection() {
  kube::LeaderElection::Callbacks callbacks;
  callbacks.on_started = [this] { leads_ = true; };
  callbacks.on_lost = [this](const std::string& reason) {
    // First of all: from now on another may answer trainers. In this order Lead cannot undo it.
    stop_.LoseLeadership();
    broker_->SetServing(false);
    Log(LogLevel::kError, "leadership is lost", {{"reason", reason}});
  };
  election_ = std::make_unique<kube::LeaderElection>(
      ElectionOptions(options_), lease_client_, clock_,
      std::make_unique<SeededRandom>(seed_, StreamId{HashName("cluster/election")}), std::move(callbacks));
}

Status RunningOperator::WaitForCaches() {
  const SteadyTime deadline = clock_.SteadyNow() + options_.sync_deadline;
  while (!cache_.WaitForSync(kGlance)) {
    if (Stopping()) return OkStatus();
    if (clock_.SteadyNow() < deadline) continue;
    return UnavailableError("caches not filled within " + std::to_string(ToSeconds(options_.sync_deadline)) +
                            " s: " + cache_.Missing());
  }
  return OkStatus();
}

Status RunningOperator::Lead() {
  if (election_) {
    Log(LogLevel::kInfo, "waiting for the lease",
        {{"lease", options_.lease_namespace + "/" + options_.lease_name}, {"identity", options_.identity}});
    election_->Start();
    while (!leads_) {
      if (stop_.Wait(kGlance) != StopSignal::Reason::kNone) return ShutDown();
    }
  }
  Log(LogLevel::kInfo, "leading", {{"identity", options_.identity}});
  controller_->ExpectJobs();
  broker_->SetServing(true);
  // Leadership that was lost just before has stopped the broker for good.
  if (Stopping()) {
    broker_->SetServing(false);
    return ShutDown();
  }
  workers_->Start(options_.workers);
  if (!options_.pod_name.empty()) KeepLeaderLabel();
  stop_.WaitForever();
  return ShutDown();
}

// Without its label nobody finds the broker; whoever takes it off must not silence all jobs.
void RunningOperator::KeepLeaderLabel() {
  const kube::ObjectKey pod{options_.pod_namespace, options_.pod_name};
  while (!Stopping()) {
    const Status labelled = TakeLeaderLabel(write_client_, pod);
    if (!labelled.ok()) {
      Log(LogLevel::kWarning, "trainers may not find this leader", {{"error", labelled.error().message()}});
    }
    (void)stop_.Wait(labelled.ok() ? options_.label_check : kLabelRetry);
  }
}

Status RunningOperator::ShutDown() {
  if (stop_.reason() == StopSignal::Reason::kLeadershipLost) return AbortedError("leadership is lost");
  Log(LogLevel::kInfo, "stopping");
  broker_->SetServing(false);
  const bool drained = workers_->Drain(options_.drain_deadline);
  const bool leads = !options_.leader_elect || (election_ && election_->leads());
  if (leads && !options_.pod_name.empty()) {
    const Status dropped = DropLeaderLabel(write_client_, {options_.pod_namespace, options_.pod_name});
    if (!dropped.ok()) Log(LogLevel::kWarning, "leader label not removed", {{"error", dropped.error().message()}});
  }
  // Whoever has the Lease may write: not before everything here has ended.
  if (!drained) return AbortedError("a reconcile did not end in time; the lease is left to expire");
  if (election_) election_->Stop(true);
  cache_.Stop();
  metrics_server_.reset();
  return OkStatus();
}

}  // namespace

Status CheckOperatorOptions(const OperatorOptions& options) {
  if (options.trainer_image.empty()) return InvalidArgumentError("--trainer-image is empty");
  if (!options.broker_url.starts_with("http://") && !options.broker_url.starts_with("https://")) {
    return InvalidArgumentError("--broker-url '" + options.broker_url + "' must begin with http:// or https://");
  }
  if (options.workers < 1) return InvalidArgumentError("--workers must be at least 1");
  if (!options.leader_elect) return OkStatus();
  return kube::CheckLeaderElection(ElectionOptions(options));
}

void StopSignal::Set(Reason reason) {
  {
    const MutexLock lock(mutex_);
    if (reason_ == Reason::kNone || reason == Reason::kLeadershipLost) reason_ = reason;
  }
  changed_.NotifyAll();
}

StopSignal::Reason StopSignal::Wait(Duration limit) const {
  MutexLock lock(mutex_);
  changed_.WaitFor(mutex_, limit, [this]() REQUIRES(mutex_) { return reason_ != Reason::kNone; });
  return reason_;
}

void StopSignal::WaitForever() const {
  const MutexLock lock(mutex_);
  changed_.Wait(mutex_, [this]() REQUIRES(mutex_) { return reason_ != Reason::kNone; });
}

std::unique_ptr<Operator> MakeOperator(const OperatorOptions& options, const kube::Connection& connection,
                                       const HttpClientFactory& make_client, Clock& clock, StopSignal& stop) {
  return std::make_unique<RunningOperator>(options, connection, make_client, clock, stop);
}

}  // namespace eoa::cluster
