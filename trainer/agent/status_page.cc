#include "trainer/agent/status_page.h"

#include "common/base/number.h"

namespace eoa::agent {

Result<std::unique_ptr<net::HttpServer>> ServeStatusPage(const std::string& listen, const Telemetry& telemetry,
                                                         Clock& clock) {
  if (listen.empty()) return std::unique_ptr<net::HttpServer>();
  const std::size_t colon = listen.rfind(':');
  const Result<std::int64_t> port = ParseInteger(colon == std::string::npos ? "" : listen.substr(colon + 1));
  if (!port.ok() || *port < 0 || *port > 65535) {
    return InvalidArgumentError("--metrics-listen: '" + listen + "' is not IP:port");
  }
  net::HttpServerOptions options;
  options.address = listen.substr(0, colon);
  options.port = static_cast<std::uint16_t>(*port);
  options.max_connections = 16;
  return net::HttpServer::Start(
      options, [&telemetry, &clock](const net::ServerRequest& request, const net::Responder& responder) {
        const SteadyTime now = clock.SteadyNow();
        net::ServerResponse answer{.status = 404, .content_type = "text/plain", .body = "see /metrics and /healthz\n"};
        if (request.path.size() == 1 && request.method == "GET" && request.path[0] == "metrics") {
          answer = {.status = 200, .content_type = metrics::kTextType, .body = telemetry.Render(now)};
        } else if (request.path.size() == 1 && request.method == "GET" && request.path[0] == "healthz") {
          const bool healthy = telemetry.Healthy(now);
          answer = {.status = healthy ? 200 : 503,
                    .content_type = "text/plain",
                    .body = healthy ? "ok\n" : "the agent's loop stands still\n"};
        }
        responder.Respond(std::move(answer));
      });
}

}  // namespace eoa::agent
