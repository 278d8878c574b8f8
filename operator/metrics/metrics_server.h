// MetricsServer: GET /metrics in the Prometheus text format. docs/metrics.md explains every metric.
//
// Each source is asked at scrape time and rendered anew, so a job that is gone has no series any more. Sources run on
// the server's thread: they may lock for as long as copying takes, and must not do I/O. One that throws costs its own
// metrics in that scrape, nothing else (eoa_scrape_part_failed).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/rest/broker_service.h"
#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/base/result.h"
#include "operator/kube/api_client.h"
#include "operator/kube/work_queue.h"
#include "operator/metrics/snapshots.h"

namespace eoa::metrics {

// An empty function: this process has no such part; its metrics are left out.
struct MetricsSources {
  std::string version;
  std::string controller = "eoajob";  // the value of the labels `controller` and `name` of upstream's metrics
  std::function<ReconcileSnapshot()> reconcile = nullptr;
  std::function<ControllerSnapshot()> controller_counts = nullptr;
  std::function<EventCounts()> events = nullptr;
  std::function<TokenCounts()> tokens = nullptr;
  std::function<kube::WorkQueueStats()> queue = nullptr;
  std::function<std::vector<kube::ApiClientStats>()> clients = nullptr;  // of all clients; summed by host
  std::function<ElectionSnapshot()> election = nullptr;
  std::function<std::vector<CacheSnapshot>()> caches = nullptr;
  std::function<broker::BrokerServiceStats()> broker = nullptr;
  std::function<std::vector<JobSnapshot>()> jobs = nullptr;

  // Jobs with series of their own: the first ones by namespace and name. All are counted in eoa_jobs.
  std::size_t max_jobs = 1000;
};

struct MetricsServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
};

// Thread-safety: every method from any thread.
class MetricsServer {
 public:
  // Listens when it returns. `clock`, `files` (for /proc) and whatever the functions use outlive the server.
  static Result<std::unique_ptr<MetricsServer>> Start(const MetricsServerOptions& options, MetricsSources sources,
                                                      Clock& clock, FileSystem& files);
  virtual ~MetricsServer() = default;
  virtual std::uint16_t port() const = 0;
};

// The text of one scrape. Does not throw.
std::string RenderMetrics(const MetricsSources& sources, Clock& clock, FileSystem& files);

}  // namespace eoa::metrics
