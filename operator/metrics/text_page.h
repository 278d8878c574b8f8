// A page of plain text for people and probes.
#pragma once

#include <string>
#include <utility>

#include "common/net/http_server.h"

namespace eoa::metrics {

inline net::ServerResponse TextPage(int status, std::string body) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}

}  // namespace eoa::metrics
