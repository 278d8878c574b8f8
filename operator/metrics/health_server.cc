#include "operator/metrics/health_server.h"

#include <utility>

#include "common/net/http_server.h"
#include "operator/metrics/text_page.h"

namespace eoa::metrics {
namespace {

net::ServerResponse Told(const Probe& probe) {
  const std::optional<std::string> fault = probe();
  return TextPage(fault ? 503 : 200, fault.value_or("ok") + "\n");
}

class HealthServerOnHttp final : public HealthServer {
 public:
  HealthServerOnHttp(Probe unhealthy, Probe unready) : unhealthy_(std::move(unhealthy)), unready_(std::move(unready)) {}

  Status Listen(const HealthServerOptions& options) {
    net::HttpServerOptions http;
    http.address = options.address;
    http.port = options.port;
    // The kubelet opens a connection for each probe.
    http.max_connections = 256;
    http.max_connections_per_peer = 32;
    http.max_body_bytes = 1024;
    http.read_timeout = std::chrono::seconds(2);
    http.idle_timeout = std::chrono::seconds(5);
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
    if (path != "healthz" && path != "readyz") return TextPage(404, "no such page\n");
    if (request.method != "GET") return TextPage(405, "only GET\n");
    return Told(path == "healthz" ? unhealthy_ : unready_);
  }

  const Probe unhealthy_;
  const Probe unready_;
  std::unique_ptr<net::HttpServer> server_;  // last: its handler uses the others
};

}  // namespace

Result<std::unique_ptr<HealthServer>> HealthServer::Start(const HealthServerOptions& options, Probe unhealthy,
                                                          Probe unready) {
  auto server = std::make_unique<HealthServerOnHttp>(std::move(unhealthy), std::move(unready));
  if (Status status = server->Listen(options); !status.ok())
    return std::move(status).error().WithContext("serving health");
  return std::unique_ptr<HealthServer>(std::move(server));
}

}  // namespace eoa::metrics
