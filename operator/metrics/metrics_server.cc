#include "operator/metrics/metrics_server.h"

#include <algorithm>
#include <exception>
#include <sstream>
#include <utility>

#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include "common/base/log.h"
#include "common/net/http_server.h"
#include "operator/metrics/families.h"

namespace eoa::metrics {
namespace {

// One part of the operator, asked anew by every Collect.
class PartCollector : public prometheus::Collectable {
 public:
  PartCollector(std::string part, std::function<Families()> render)
      : part_(std::move(part)), render_(std::move(render)) {}

  // Empty when the part cannot tell; then failed() is true.
  Families Collect() const override {
    failed_ = false;
    try {
      return render_();
    } catch (const std::exception& fault) {
      Log(LogLevel::kError, "metrics left out", {{"part", part_}, {"error", fault.what()}});
    } catch (...) {
      Log(LogLevel::kError, "metrics left out", {{"part", part_}});
    }
    failed_ = true;
    return {};
  }

  const std::string& part() const { return part_; }
  bool failed() const { return failed_; }

 private:
  const std::string part_;
  const std::function<Families()> render_;
  mutable bool failed_ = false;
};

Families BuildInfo(const MetricsSources& sources) {
  prometheus::MetricFamily info = Gauge("eoa_build_info", "1; the labels say which build this is.");
  Add(info, {{"version", sources.version}, {"compiler", "GCC " __VERSION__}}, 1.0);
  return {std::move(info)};
}

std::vector<PartCollector> MakeCollectors(const MetricsSources& from, Clock& clock, FileSystem& files) {
  std::vector<PartCollector> parts;
  parts.emplace_back("build", [&from] { return BuildInfo(from); });
  parts.emplace_back("process", [&files] { return ProcessFamilies(files); });
  if (from.reconcile)
    parts.emplace_back("reconcile", [&from] { return ReconcileFamilies(from.controller, from.reconcile()); });
  if (from.controller_counts)
    parts.emplace_back("controller", [&from] { return ControllerFamilies(from.controller_counts()); });
  if (from.queue) parts.emplace_back("queue", [&from] { return QueueFamilies(from.controller, from.queue()); });
  if (from.clients) parts.emplace_back("clients", [&from] { return ClientFamilies(from.clients()); });
  if (from.election) parts.emplace_back("election", [&from] { return ElectionFamilies(from.election()); });
  if (from.caches) parts.emplace_back("caches", [&from] { return CacheFamilies(from.caches()); });
  if (from.broker) parts.emplace_back("broker", [&from] { return BrokerFamilies(from.broker()); });
  if (from.jobs) {
    parts.emplace_back("jobs", [&from, &clock] { return JobFamilies(from.jobs(), from.max_jobs, clock.Now()); });
  }
  return parts;
}

class MetricsServerOnHttp : public MetricsServer {
 public:
  MetricsServerOnHttp(MetricsSources sources, Probe unhealthy, Probe unready, Clock& clock, FileSystem& files)
      : sources_(std::move(sources)),
        unhealthy_(std::move(unhealthy)),
        unready_(std::move(unready)),
        clock_(clock),
        files_(files) {}

  Status Listen(const MetricsServerOptions& options) {
    net::HttpServerOptions http;
    http.address = options.address;
    http.port = options.port;
    http.max_connections = 64;
    http.max_body_bytes = 1024;
    EOA_ASSIGN_OR_RETURN(server_, net::HttpServer::Start(
                                      http, [this](const net::ServerRequest& request, const net::Responder& responder) {
                                        responder.Respond(Answer(request));
                                      }));
    return OkStatus();
  }

  std::uint16_t port() const override { return server_->port(); }

 private:
  net::ServerResponse Answer(const net::ServerRequest& request) const {
    const std::string path = request.path.size() == 1 ? request.path[0] : "";
    if (path != "metrics" && path != "healthz" && path != "readyz") return Text(404, "no such page\n");
    if (request.method != "GET") return Text(405, "only GET\n");
    if (path == "healthz") return Told(unhealthy_);
    if (path == "readyz") return Told(unready_);
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = RenderMetrics(sources_, clock_, files_)};
  }

  static net::ServerResponse Text(int status, std::string body) {
    return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
  }

  static net::ServerResponse Told(const Probe& probe) {
    const std::optional<std::string> fault = probe ? probe() : std::nullopt;
    return Text(fault ? 503 : 200, fault.value_or("ok") + "\n");
  }

  const MetricsSources sources_;
  const Probe unhealthy_;
  const Probe unready_;
  Clock& clock_;
  FileSystem& files_;
  std::unique_ptr<net::HttpServer> server_;  // last: its handler uses the others
};

}  // namespace

std::string RenderMetrics(const MetricsSources& sources, Clock& clock, FileSystem& files) {
  const SteadyTime begin = clock.SteadyNow();
  Families all;
  prometheus::MetricFamily failed =
      Gauge("eoa_scrape_part_failed", "1: this part's metrics are missing from this scrape.");
  for (const PartCollector& part : MakeCollectors(sources, clock, files)) {
    Families families = part.Collect();
    std::ranges::move(families, std::back_inserter(all));
    Add(failed, {{"part", part.part()}}, part.failed() ? 1.0 : 0.0);
  }
  all.push_back(std::move(failed));
  prometheus::MetricFamily took = Gauge("eoa_scrape_duration_seconds", "How long gathering this scrape took.");
  Add(took, {}, ToSeconds(clock.SteadyNow() - begin));
  all.push_back(std::move(took));
  std::erase_if(all, [](const prometheus::MetricFamily& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(all);
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(const MetricsServerOptions& options, MetricsSources sources,
                                                            Probe unhealthy, Probe unready, Clock& clock,
                                                            FileSystem& files) {
  auto server =
      std::make_unique<MetricsServerOnHttp>(std::move(sources), std::move(unhealthy), std::move(unready), clock, files);
  if (Status status = server->Listen(options); !status.ok())
    return std::move(status).error().WithContext("serving metrics");
  return std::unique_ptr<MetricsServer>(std::move(server));
}

}  // namespace eoa::metrics
