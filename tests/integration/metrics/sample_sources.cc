#include "tests/integration/metrics/sample_sources.h"

#include <utility>

namespace eoa::metrics {
namespace {

using std::chrono::seconds;

void Observe(eoa::Histogram& histogram, double value, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; ++i) histogram.Observe(value);
}

ReconcileSnapshot Reconciles(std::uint64_t tick) {
  ReconcileSnapshot snapshot;
  snapshot.success = 10 + tick;
  snapshot.error = tick / 4;
  snapshot.requeue_after = tick / 2;
  snapshot.active = 1;
  snapshot.workers = 2;
  Observe(snapshot.seconds, 0.004, 5 + tick);
  Observe(snapshot.seconds, 0.04, 3 + tick / 2);
  Observe(snapshot.seconds, 0.4, 2);
  return snapshot;
}

kube::WorkQueueStats Queue(std::uint64_t tick) {
  kube::WorkQueueStats stats;
  stats.depth_normal = tick % 3;
  stats.depth_low = 1;
  stats.adds = 20 + tick;
  stats.retries = 2 + tick / 4;
  for (std::uint64_t i = 0; i < 20 + tick; ++i) {
    stats.queue_seconds.Observe(1e-6 * static_cast<double>(100 + i % 900));
    stats.work_seconds.Observe(1e-3 * static_cast<double>(1 + i % 9));
  }
  stats.unfinished_work = std::chrono::milliseconds(3);
  stats.longest_running = std::chrono::milliseconds(2);
  return stats;
}

std::vector<kube::ApiClientStats> Clients(std::uint64_t tick) {
  kube::ApiClientStats watching;
  watching.host = "10.96.0.1:443";
  watching.requests[{"200", "GET"}] = 12 + tick / 10;
  kube::ApiClientStats writing = watching;
  writing.requests[{"200", "PATCH"}] = 40 + tick;
  writing.requests[{"409", "PATCH"}] = 1 + tick / 8;
  writing.requests[{"<error>", "GET"}] = 1 + tick / 16;
  eoa::Histogram& patches = writing.seconds.try_emplace("PATCH", kube::ApiClientStats::kSecondsBounds).first->second;
  Observe(patches, 0.004, 30 + tick);
  Observe(patches, 0.02, 10);
  Observe(patches, 0.04, 1);
  writing.retries = 1;
  writing.limiter_seconds = 0.25;
  return {watching, writing};
}

std::vector<CacheSnapshot> Caches(std::uint64_t tick) {
  std::vector<CacheSnapshot> caches;
  for (const char* resource : {"eoajobs", "statefulsets", "pods", "services", "configmaps"}) {
    CacheSnapshot cache;
    cache.resource = resource;
    cache.store = {.objects = 4, .bytes = 4096};
    cache.reflector.lists = {1, 0, 1, 0};
    cache.reflector.watches = 3 + tick / 20;
    cache.reflector.watch_ends = {2 + tick / 20, 1, 0, 0, 0, 0};
    cache.reflector.events = 100 + tick;
    cache.synced = true;
    cache.quiet = seconds(1);
    caches.push_back(std::move(cache));
  }
  return caches;
}

broker::BrokerServiceStats Broker(std::uint64_t tick) {
  broker::BrokerServiceStats stats;
  auto& beat = stats.routes["/v1/jobs/{uid}/populations/{population}/heartbeat"];
  beat.answers = {{200, 1000 + 2 * tick}, {503, 3 + tick / 8}};
  Observe(beat.seconds, 0.0004, 900 + tick);
  Observe(beat.seconds, 0.0009, 100 + tick);
  Observe(beat.seconds, 0.002, 3 + tick / 8);
  auto& decision = stats.routes["/v1/jobs/{uid}/populations/{population}/decision"];
  decision.answers = {{200, 20 + tick / 4}};
  Observe(decision.seconds, 0.05, 10);
  Observe(decision.seconds, 0.5, 8 + tick / 4);
  Observe(decision.seconds, 5, 2);
  stats.denied = {{Refusal::kUnauthorized, 1 + tick / 32}};
  stats.in_flight = 2;
  stats.jobs = 2;
  return stats;
}

api::PopulationStatus Population(std::string name, std::uint64_t tick, WallTime now) {
  api::PopulationStatus population;
  population.name = std::move(name);
  population.phase = PopulationPhase::kRunning;
  population.generation = static_cast<int>(tick / 10);
  population.members = 3;
  population.ready = 3;
  population.attempt = 1 + static_cast<int>(tick / 8);
  population.restarts = static_cast<int>(tick / 8);
  population.fitness = 0.61;
  population.learning_rate = 0.08;
  population.last_report_time = now - seconds(7);
  return population;
}

std::shared_ptr<const broker::EcosphereView> Ecosphere(std::uint64_t tick) {
  broker::EcosphereView view;
  for (const char* name : {"wolves", "whales"}) {
    broker::PopulationView population;
    population.name = name;
    population.phase = BrokerPhase::kRunning;
    population.step = static_cast<std::int64_t>(tick % 10);
    population.steps = 10;
    population.images_per_second = 480;
    population.train_loss = 1.2;
    view.populations.push_back(std::move(population));
  }
  Observe(view.round_times.seconds, 0.9, 2 + tick / 8);
  view.round_times.waited_for = {{0, 0.1}, {1, static_cast<double>(tick)}};
  for (std::uint64_t i = 0; i < 2 + tick / 8; ++i) {
    const bool late = i % 3 == 2;
    ++view.tally.won[i % 2 == 0 ? "wolves" : "whales"];
    ++view.tally.closed[late ? ClosedBy::kDeadline : ClosedBy::kAll];
    if (late) ++view.tally.missing["whales"];
  }
  view.last_decision.emplace();
  return std::make_shared<const broker::EcosphereView>(std::move(view));
}

JobSnapshot Training(std::string name, std::uint64_t tick, WallTime now) {
  JobSnapshot job;
  job.name_space = "research";
  job.name = std::move(name);
  job.uid = "uid-of-" + job.name;
  job.created = now - seconds(100);
  api::JobStatus& status = job.status;
  status.phase = JobPhase::kRunning;
  status.start_time = now - seconds(98);
  status.conditions = {
      {ConditionType::kRunning, ConditionStatus::kTrue, 1, now - seconds(90), "PopulationsRunning", "all train"},
      {ConditionType::kStalled, ConditionStatus::kFalse, 1, now - seconds(90), "Progressing", ""}};
  status.progress = {
      .generation = static_cast<int>(tick / 10), .generations = 200, .percent = 5, .estimated_seconds_left = 600};
  status.elected = api::Elected{"wolves", 1, 0.08, 0.61, 3};
  status.baseline = 0.07;
  status.restarts = static_cast<int>(tick / 8);
  status.populations = {Population("wolves", tick, now), Population("whales", tick, now)};
  job.ecosphere = Ecosphere(tick);
  return job;
}

std::vector<JobSnapshot> Jobs(std::uint64_t tick, WallTime now) {
  JobSnapshot failed = Training("broken", tick, now);
  failed.status.phase = JobPhase::kFailed;
  failed.status.conditions = {
      {ConditionType::kFailed, ConditionStatus::kTrue, 1, now - seconds(50), "BackoffLimitExceeded", "3 restarts"}};
  failed.status.completion_time = now - seconds(50);
  failed.ecosphere.reset();
  JobSnapshot done = Training("done", tick, now);
  done.status.phase = JobPhase::kSucceeded;
  done.status.test_accuracy = 0.58;
  done.ecosphere.reset();
  JobSnapshot waiting;
  waiting.name_space = "lab";
  waiting.name = "waiting";
  waiting.uid = "uid-of-waiting";
  waiting.created = now - seconds(5);
  return {Training("quickstart", tick, now), Training("second", tick, now), failed, done, waiting};
}

TokenCounts Tokens(std::uint64_t tick) {
  TokenCounts counts;
  counts.reviews["allowed"] = 6 + tick / 8;
  counts.known = 1000 + tick;
  counts.remembered = 6;
  return counts;
}

ControllerSnapshot Controller(std::uint64_t tick) {
  ControllerSnapshot snapshot;
  snapshot.jobs["research"] = {
      .created = 4, .completed = 1 + tick / 40, .failed = 1 + tick / 40, .restarted = tick / 8};
  snapshot.waits_for_cache = tick / 5;
  snapshot.waits_given_up = tick / 20;
  snapshot.waiting_jobs = 1;
  snapshot.status_writes = 8 + tick;
  snapshot.child_writes = 16;
  return snapshot;
}

}  // namespace

MetricsSources SampleSources(std::function<std::uint64_t()> tick, std::function<WallTime()> now) {
  MetricsSources sources;
  sources.version = "1.2.3";
  sources.reconcile = [tick] { return Reconciles(tick()); };
  sources.controller_counts = [tick] { return Controller(tick()); };
  sources.events = [tick] { return EventCounts{.written = 6 + tick(), .left_out = 1, .dropped = 0, .failed = 0}; };
  sources.tokens = [tick] { return Tokens(tick()); };
  sources.queue = [tick] { return Queue(tick()); };
  sources.clients = [tick] { return Clients(tick()); };
  sources.election = [] {
    return ElectionSnapshot{"eoa-operator",
                            {.leads = true, .holder = "one", .transitions = 3, .slow_paths = 1, .failures = 2}};
  };
  sources.caches = [tick] { return Caches(tick()); };
  sources.broker = [tick] { return Broker(tick()); };
  sources.jobs = [tick, now] { return Jobs(tick(), now()); };
  return sources;
}

}  // namespace eoa::metrics
