#include "trainer/agent/status_page.h"

#include "common/base/number.h"

namespace eoa::agent {
namespace {

Result<net::HttpServerOptions> OptionsFor(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const Result<std::int64_t> port = ParseInteger(colon == std::string::npos ? "" : listen.substr(colon + 1));
  if (!port.ok() || *port < 0 || *port > 65535) {
    return InvalidArgumentError("--metrics-listen: '" + listen + "' is not IP:port");
  }
  net::HttpServerOptions options;
  options.address = listen.substr(0, colon);
  options.port = static_cast<std::uint16_t>(*port);
  options.max_connections = 16;
  return options;
}

net::ServerResponse Page(const net::ServerRequest& request, const Telemetry& telemetry, const FilePage& files,
                         SteadyTime now) {
  if (FilePage::Answers(request)) return files.Answer(request);
  if (request.path.size() == 1 && request.method == "GET" && request.path[0] == "metrics") {
    return {.status = 200, .content_type = metrics::kTextType, .body = telemetry.Render(now)};
  }
  if (request.path.size() == 1 && request.method == "GET" && request.path[0] == "healthz") {
    const bool healthy = telemetry.Healthy(now);
    return {.status = healthy ? 200 : 503,
            .content_type = "text/plain",
            .body = healthy ? "ok\n" : "the agent's loop stands still\n"};
  }
  return {.status = 404, .content_type = "text/plain", .body = "see /metrics and /healthz\n"};
}

}  // namespace

Result<std::unique_ptr<net::HttpServer>> ServeStatusPage(const std::string& listen, const Telemetry& telemetry,
                                                         const FilePage& files, Clock& clock) {
  if (listen.empty()) return std::unique_ptr<net::HttpServer>();
  EOA_ASSIGN_OR_RETURN(const net::HttpServerOptions options, OptionsFor(listen));
  return net::HttpServer::Start(
      options, [&telemetry, &files, &clock](const net::ServerRequest& request, const net::Responder& responder) {
        responder.Respond(Page(request, telemetry, files, clock.SteadyNow()));
      });
}

Result<std::unique_ptr<net::HttpServer>> ServeFiles(const std::string& listen, const FilePage& files) {
  EOA_ASSIGN_OR_RETURN(const net::HttpServerOptions options, OptionsFor(listen));
  return net::HttpServer::Start(options, [&files](const net::ServerRequest& request, const net::Responder& responder) {
    const bool ready = request.path.size() == 1 && request.path[0] == "healthz";
    responder.Respond(FilePage::Answers(request)
                          ? files.Answer(request)
                          : net::ServerResponse{.status = ready ? 200 : 404, .content_type = "text/plain"});
  });
}

}  // namespace eoa::agent
