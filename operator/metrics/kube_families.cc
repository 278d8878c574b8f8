#include <algorithm>
#include <map>

#include "operator/metrics/families.h"

namespace eoa::metrics {
namespace {

// One resource in all its namespaces.
struct ResourceTotal {
  kube::ObjectStoreStats store;
  kube::ReflectorCounts counts;
  bool synced = true;
  Duration quiet{};
};

std::map<std::string, ResourceTotal> ByResource(const std::vector<CacheSnapshot>& caches) {
  std::map<std::string, ResourceTotal> totals;
  for (const CacheSnapshot& cache : caches) {
    ResourceTotal& total = totals[cache.resource];
    total.store.objects += cache.store.objects;
    total.store.bytes += cache.store.bytes;
    for (std::size_t i = 0; i < kube::kListReasons; ++i) total.counts.lists[i] += cache.reflector.lists[i];
    for (std::size_t i = 0; i < kube::kWatchEnds; ++i) total.counts.watch_ends[i] += cache.reflector.watch_ends[i];
    total.counts.list_failures += cache.reflector.list_failures;
    total.counts.watches += cache.reflector.watches;
    total.counts.events += cache.reflector.events;
    total.counts.bookmarks += cache.reflector.bookmarks;
    total.synced = total.synced && cache.synced;
    total.quiet = std::max(total.quiet, cache.quiet.value_or(Duration{}));
  }
  return totals;
}

}  // namespace

Families QueueFamilies(const std::string& name, const kube::WorkQueueStats& stats) {
  const Labels labels = {{"name", name}, {"controller", name}};
  prometheus::MetricFamily depth = Gauge("workqueue_depth", "Keys that are ready and wait for a worker.");
  Add(depth, {{"name", name}, {"controller", name}, {"priority", "0"}}, static_cast<double>(stats.depth_normal));
  Add(depth, {{"name", name}, {"controller", name}, {"priority", "-100"}}, static_cast<double>(stats.depth_low));
  prometheus::MetricFamily adds = Counter("workqueue_adds_total", "Keys that entered the queue.");
  Add(adds, labels, stats.adds);
  prometheus::MetricFamily retries = Counter("workqueue_retries_total", "Keys that were put back to be tried later.");
  Add(retries, labels, stats.retries);
  prometheus::MetricFamily queued =
      Histogram("workqueue_queue_duration_seconds", "How long keys waited from being ready to being taken.");
  Add(queued, labels, stats.queue_seconds);
  prometheus::MetricFamily worked = Histogram("workqueue_work_duration_seconds", "How long keys were worked on.");
  Add(worked, labels, stats.work_seconds);
  prometheus::MetricFamily unfinished =
      Gauge("workqueue_unfinished_work_seconds",
            "Sum over the keys in work of the time since they were taken; grows when one is stuck.");
  Add(unfinished, labels, ToSeconds(stats.unfinished_work));
  prometheus::MetricFamily longest =
      Gauge("workqueue_longest_running_processor_seconds", "How long the key that was taken first has been worked on.");
  Add(longest, labels, ToSeconds(stats.longest_running));
  prometheus::MetricFamily delayed = Gauge("eoa_workqueue_delayed", "Keys that wait for their time.");
  Add(delayed, labels, static_cast<double>(stats.delayed));
  return {std::move(depth),  std::move(adds),       std::move(retries), std::move(queued),
          std::move(worked), std::move(unfinished), std::move(longest), std::move(delayed)};
}

Families ClientFamilies(const std::vector<kube::ApiClientStats>& clients) {
  std::map<std::string, kube::ApiClientStats> by_host;
  for (const kube::ApiClientStats& client : clients) {
    kube::ApiClientStats& total = by_host[client.host];
    for (const auto& [key, count] : client.requests) total.requests[key] += count;
    for (const auto& [method, seconds] : client.seconds) {
      total.seconds.try_emplace(method, kube::ApiClientStats::kSecondsBounds).first->second.Add(seconds);
    }
    total.retries += client.retries;
    total.limiter_seconds += client.limiter_seconds;
  }
  prometheus::MetricFamily requests =
      Counter("rest_client_requests_total", "Answers of the API server, by status code.");
  prometheus::MetricFamily latency = Histogram("rest_client_request_duration_seconds",
                                               "How long requests to the API server took; watches are not counted.");
  prometheus::MetricFamily retries = Counter(
      "eoa_api_retries_total", "Requests repeated because the API server asked for it (429, 5xx with Retry-After).");
  prometheus::MetricFamily limited = Counter("eoa_api_rate_limiter_wait_seconds_total",
                                             "Time that requests waited for the operator's own rate limit.");
  for (const auto& [host, stats] : by_host) {
    for (const auto& [key, count] : stats.requests) {
      Add(requests, {{"code", key.first}, {"method", key.second}, {"host", host}}, count);
    }
    for (const auto& [method, seconds] : stats.seconds) Add(latency, {{"verb", method}, {"host", host}}, seconds);
    Add(retries, {{"host", host}}, stats.retries);
    Add(limited, {{"host", host}}, stats.limiter_seconds);
  }
  return {std::move(requests), std::move(latency), std::move(retries), std::move(limited)};
}

Families ElectionFamilies(const ElectionSnapshot& snapshot) {
  const Labels labels = {{"name", snapshot.lease}};
  prometheus::MetricFamily master =
      Gauge("leader_election_master_status", "1: this process leads; 0: it is a standby.");
  Add(master, labels, snapshot.stats.leads ? 1.0 : 0.0);
  prometheus::MetricFamily slow =
      Counter("leader_election_slowpath_total", "Renewals that had to read the Lease before writing it.");
  Add(slow, labels, snapshot.stats.slow_paths);
  prometheus::MetricFamily failures = Counter("eoa_lease_failures_total", "Requests for the Lease that failed.");
  Add(failures, labels, snapshot.stats.failures);
  prometheus::MetricFamily transitions =
      Gauge("eoa_lease_transitions", "How often the Lease has changed hands, by its own count.");
  Add(transitions, labels, static_cast<double>(snapshot.stats.transitions));
  return {std::move(master), std::move(slow), std::move(failures), std::move(transitions)};
}

Families CacheFamilies(const std::vector<CacheSnapshot>& caches) {
  prometheus::MetricFamily objects = Gauge("eoa_cache_objects", "Objects in the operator's copy.");
  prometheus::MetricFamily bytes =
      Gauge("eoa_cache_bytes", "Size of their trimmed text, without the containers' overhead.");
  prometheus::MetricFamily synced = Gauge("eoa_cache_synced", "1: the copy is whole.");
  prometheus::MetricFamily quiet =
      Gauge("eoa_watch_quiet_seconds", "Seconds since the API server last sent anything about it.");
  prometheus::MetricFamily events = Counter("eoa_watch_events_total", "Changes that watches reported.");
  prometheus::MetricFamily restarts = Counter("eoa_watch_restarts_total", "Watches that ended, by reason.");
  prometheus::MetricFamily lists = Counter("eoa_relists_total", "Lists begun, by reason.");
  prometheus::MetricFamily failures = Counter("eoa_list_failures_total", "Lists that failed.");
  for (const auto& [resource, total] : ByResource(caches)) {
    const Labels labels = {{"resource", resource}};
    Add(objects, labels, static_cast<double>(total.store.objects));
    Add(bytes, labels, static_cast<double>(total.store.bytes));
    Add(synced, labels, total.synced ? 1.0 : 0.0);
    Add(quiet, labels, ToSeconds(total.quiet));
    Add(events, labels, total.counts.events);
    Add(failures, labels, total.counts.list_failures);
    for (std::size_t i = 0; i < kube::kListReasons; ++i) {
      Add(lists, {{"resource", resource}, {"reason", std::string(ListReasonName(static_cast<kube::ListReason>(i)))}},
          total.counts.lists[i]);
    }
    for (std::size_t i = 0; i < kube::kWatchEnds; ++i) {
      Add(restarts, {{"resource", resource}, {"reason", std::string(WatchEndName(static_cast<kube::WatchEnd>(i)))}},
          total.counts.watch_ends[i]);
    }
  }
  return {std::move(objects), std::move(bytes),    std::move(synced), std::move(quiet),
          std::move(events),  std::move(restarts), std::move(lists),  std::move(failures)};
}

}  // namespace eoa::metrics
