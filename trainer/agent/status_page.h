// The agent's page for those who watch it: GET /metrics, and GET /healthz, which is 200 while the agent's loop turns; and
// for those who fetch what it made (trainer/agent/file_page.h).
#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/http_server.h"
#include "trainer/agent/file_page.h"
#include "trainer/agent/telemetry.h"

namespace eoa::agent {

// `listen` is IP:port (port 0: any free one); empty: nothing is served, and the result is null. The other three outlive
// the server. InvalidArgument when `listen` is no such thing.
Result<std::unique_ptr<net::HttpServer>> ServeStatusPage(const std::string& listen, const Telemetry& telemetry,
                                                         const FilePage& files, Clock& clock);

// The files alone, for a pod that has nothing else to do.
Result<std::unique_ptr<net::HttpServer>> ServeFiles(const std::string& listen, const FilePage& files);

}  // namespace eoa::agent
