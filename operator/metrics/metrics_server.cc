#include "operator/metrics/metrics_server.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "common/base/log.h"
#include "common/net/http_server.h"
#include "operator/metrics/families.h"
#include "operator/metrics/text_page.h"

namespace eoa::metrics {
namespace {

// One part of the operator, and how to ask it.
struct Part {
  std::string name;
  std::function<Families()> render;
};

// Nothing when the part cannot tell.
std::optional<Families> Collect(const Part& part) {
  try {
    return part.render();
  } catch (const std::exception& fault) {
    Log(LogLevel::kError, "metrics left out", {{"part", part.name}, {"error", fault.what()}});
  } catch (...) {
    Log(LogLevel::kError, "metrics left out", {{"part", part.name}});
  }
  return std::nullopt;
}

#if defined(__clang__)
constexpr const char* kCompiler = "Clang " __clang_version__;
#else
constexpr const char* kCompiler = "GCC " __VERSION__;
#endif

Families BuildInfo(const MetricsSources& sources) {
  prometheus::MetricFamily info = Gauge("eoa_build_info", "1; the labels say which build this is.");
  Add(info, {{"version", sources.version}, {"compiler", kCompiler}}, 1.0);
  return {std::move(info)};
}

std::vector<Part> PartsOf(const MetricsSources& from, Clock& clock, FileSystem& files) {
  std::vector<Part> parts;
  parts.push_back({"build", [&from] { return BuildInfo(from); }});
  parts.push_back({"process", [&files] { return ProcessFamilies(files); }});
  const auto add = [&parts](std::string name, const auto& source, auto render) {
    if (source) parts.push_back({std::move(name), [&source, render] { return render(source()); }});
  };
  add("reconcile", from.reconcile, [&from](const auto& stats) { return ReconcileFamilies(from.controller, stats); });
  add("controller", from.controller_counts, ControllerFamilies);
  add("events", from.events, EventFamilies);
  add("tokens", from.tokens, TokenFamilies);
  add("queue", from.queue, [&from](const auto& stats) { return QueueFamilies(from.controller, stats); });
  add("clients", from.clients, ClientFamilies);
  add("election", from.election, ElectionFamilies);
  add("caches", from.caches, CacheFamilies);
  add("broker", from.broker, BrokerFamilies);
  add("jobs", from.jobs, [&from, &clock](std::vector<JobSnapshot> jobs) {
    return JobFamilies(std::move(jobs), from.max_jobs, clock.Now());
  });
  return parts;
}

class MetricsServerOnHttp : public MetricsServer {
 public:
  MetricsServerOnHttp(MetricsSources sources, Clock& clock, FileSystem& files)
      : sources_(std::move(sources)), clock_(clock), files_(files) {}

  Status Listen(const MetricsServerOptions& options) {
    net::HttpServerOptions http;
    http.address = options.address;
    http.port = options.port;
    http.max_connections = 64;
    http.max_connections_per_peer = 16;
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
    if (path != "metrics") return TextPage(404, "no such page\n");
    if (request.method != "GET") return TextPage(405, "only GET\n");
    return {.content_type = kTextType, .body = RenderMetrics(sources_, clock_, files_)};
  }

  const MetricsSources sources_;
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
  for (const Part& part : PartsOf(sources, clock, files)) {
    std::optional<Families> families = Collect(part);
    Add(failed, {{"part", part.name}}, families ? 0.0 : 1.0);
    if (families) std::ranges::move(*families, std::back_inserter(all));
  }
  all.push_back(std::move(failed));
  prometheus::MetricFamily took = Gauge("eoa_scrape_duration_seconds", "How long gathering this scrape took.");
  Add(took, {}, ToSeconds(clock.SteadyNow() - begin));
  all.push_back(std::move(took));
  return Text(std::move(all));
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(const MetricsServerOptions& options, MetricsSources sources,
                                                            Clock& clock, FileSystem& files) {
  auto server = std::make_unique<MetricsServerOnHttp>(std::move(sources), clock, files);
  if (Status status = server->Listen(options); !status.ok())
    return std::move(status).error().WithContext("serving metrics");
  return std::unique_ptr<MetricsServer>(std::move(server));
}

}  // namespace eoa::metrics
