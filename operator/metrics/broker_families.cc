#include "operator/metrics/families.h"

namespace eoa::metrics {

Families BrokerFamilies(const broker::BrokerServiceStats& stats) {
  prometheus::MetricFamily requests =
      Counter("eoa_broker_requests_total", "Requests of trainers answered, by status code.");
  prometheus::MetricFamily times =
      Histogram("eoa_broker_request_duration_seconds",
                "How long answers took; joins and decisions wait on purpose (long polls).");
  for (const auto& [route, counts] : stats.routes) {
    for (const auto& [status, count] : counts.answers) {
      Add(requests, {{"route", route}, {"code", std::to_string(status)}}, count);
    }
    Add(times, {{"route", route}}, counts.seconds);
  }
  prometheus::MetricFamily denied = Counter("eoa_broker_auth_failures_total", "Tokens that were refused, by reason.");
  for (const auto& [reason, count] : stats.denied) Add(denied, {{"reason", std::string(ToWord(reason))}}, count);
  prometheus::MetricFamily in_flight =
      Gauge("eoa_broker_inflight", "Requests that are being answered or wait (long polls).");
  Add(in_flight, {}, stats.in_flight);
  prometheus::MetricFamily jobs = Gauge("eoa_broker_jobs", "Jobs whose exchange this process serves.");
  Add(jobs, {}, static_cast<double>(stats.jobs));
  return {std::move(requests), std::move(times), std::move(denied), std::move(in_flight), std::move(jobs)};
}

}  // namespace eoa::metrics
