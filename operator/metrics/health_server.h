// HealthServer: GET /healthz and /readyz for the kubelet, on a port and a thread of their own: neither connections of
// those who read metrics nor a scrape that takes long keep it from answering. Probes must not wait for I/O, nor for a
// lock that is held over it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"

namespace eoa::metrics {

// Says why not; nothing: all is well.
using Probe = std::function<std::optional<std::string>()>;

struct HealthServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
};

// Thread-safety: every method from any thread.
class HealthServer {
 public:
  // Listens when it returns. Whatever the probes use outlives the server.
  static Result<std::unique_ptr<HealthServer>> Start(const HealthServerOptions& options, Probe unhealthy,
                                                     Probe unready);
  virtual ~HealthServer() = default;
  virtual std::uint16_t port() const = 0;
};

}  // namespace eoa::metrics
