#include "operator/metrics/families.h"

namespace eoa::metrics {

Families ReconcileFamilies(const std::string& controller, const ReconcileSnapshot& snapshot) {
  const Labels labels = {{"controller", controller}};
  const auto counter = [&](std::string name, std::string help, std::uint64_t value) {
    prometheus::MetricFamily family = Counter(std::move(name), std::move(help));
    Add(family, labels, value);
    return family;
  };
  const auto gauge = [&](std::string name, std::string help, int value) {
    prometheus::MetricFamily family = Gauge(std::move(name), std::move(help));
    Add(family, labels, static_cast<double>(value));
    return family;
  };

  // All four from the start: a rate over a series that appears with its first event misses that event.
  prometheus::MetricFamily total = Counter("controller_runtime_reconcile_total", "Reconciles that ended, by result.");
  Add(total, {{"controller", controller}, {"result", "success"}}, snapshot.success);
  Add(total, {{"controller", controller}, {"result", "error"}}, snapshot.error);
  Add(total, {{"controller", controller}, {"result", "requeue"}}, snapshot.requeue);
  Add(total, {{"controller", controller}, {"result", "requeue_after"}}, snapshot.requeue_after);

  prometheus::MetricFamily time = Histogram("controller_runtime_reconcile_time_seconds",
                                            "How long reconciles took, the API server's time included.");
  Add(time, labels, snapshot.seconds);

  return {
      std::move(total),
      counter("controller_runtime_reconcile_errors_total", "Reconciles that failed and are tried again.",
              snapshot.error),
      counter("controller_runtime_terminal_reconcile_errors_total",
              "Reconciles that failed for a reason that will not pass by itself.", snapshot.terminal_errors),
      counter("controller_runtime_reconcile_panics_total", "Reconciles that ended with an exception: bugs.",
              snapshot.panics),
      counter("controller_runtime_reconcile_timeouts_total",
              "Reconciles that were cut short by a time limit; always 0, since each request has its own.", 0),
      std::move(time),
      gauge("controller_runtime_max_concurrent_reconciles", "Worker threads.", snapshot.workers),
      gauge("controller_runtime_active_workers", "Worker threads that reconcile now.", snapshot.active),
  };
}

Families ControllerFamilies(const ControllerSnapshot& snapshot) {
  prometheus::MetricFamily created = Counter("eoa_job_created_total", "Jobs seen for the first time.");
  prometheus::MetricFamily completed = Counter("eoa_job_completed_total", "Jobs that became Complete.");
  prometheus::MetricFamily failed = Counter("eoa_job_failed_total", "Jobs that became Failed.");
  prometheus::MetricFamily restarted =
      Counter("eoa_job_restarted_total", "Restarts of populations that count towards a job's budget.");
  for (const auto& [name_space, counts] : snapshot.jobs) {
    const Labels labels = {{"job_namespace", name_space}};
    Add(created, labels, counts.created);
    Add(completed, labels, counts.completed);
    Add(failed, labels, counts.failed);
    Add(restarted, labels, counts.restarted);
  }
  prometheus::MetricFamily writes =
      Counter("eoa_reconcile_writes_total", "Writes to the API server, by what was written.");
  Add(writes, {{"object", "status"}}, snapshot.status_writes);
  Add(writes, {{"object", "child"}}, snapshot.child_writes);
  prometheus::MetricFamily waits =
      Counter("eoa_reconcile_cache_waits_total",
              "Reconciles put off because the cache did not yet show the operator's own writes.");
  Add(waits, {}, snapshot.waits_for_cache);
  prometheus::MetricFamily given_up = Counter(
      "eoa_reconcile_cache_waits_given_up_total",
      "The operator's own writes that the cache did not show in time: it lags, and reconciles went on without.");
  Add(given_up, {}, snapshot.waits_given_up);
  prometheus::MetricFamily waiting =
      Gauge("eoa_reconcile_cache_waiting_jobs", "Jobs with writes of the operator that the cache does not show yet.");
  Add(waiting, {}, static_cast<double>(snapshot.waiting_jobs));
  return {std::move(created), std::move(completed), std::move(failed),   std::move(restarted),
          std::move(writes),  std::move(waits),     std::move(given_up), std::move(waiting)};
}

Families EventFamilies(const EventCounts& counts) {
  prometheus::MetricFamily events = Counter("eoa_events_total", "Events of jobs, by what became of them.");
  Add(events, {{"result", "written"}}, counts.written);
  Add(events, {{"result", "left_out"}}, counts.left_out);
  Add(events, {{"result", "dropped"}}, counts.dropped);
  Add(events, {{"result", "failed"}}, counts.failed);
  return {std::move(events)};
}

Families TokenFamilies(const TokenCounts& counts) {
  prometheus::MetricFamily reviews =
      Counter("eoa_token_reviews_total", "Trainers' tokens that the API server was asked about, by outcome.");
  for (const auto& [outcome, count] : counts.reviews) Add(reviews, {{"outcome", outcome}}, count);
  prometheus::MetricFamily known =
      Counter("eoa_token_reviews_remembered_total", "Trainers' tokens that were known from an earlier review.");
  Add(known, {}, counts.known);
  prometheus::MetricFamily remembered = Gauge("eoa_tokens_remembered", "Tokens whose review is remembered.");
  Add(remembered, {}, static_cast<double>(counts.remembered));
  return {std::move(reviews), std::move(known), std::move(remembered)};
}

}  // namespace eoa::metrics
