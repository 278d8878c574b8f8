// The parts of an answer that the server writes itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/net/http_server.h"
#include "common/words/refusals.h"

namespace eoa::net {

// Status line and headers up to the empty line. `length` is the body's; the statuses that have no body get no length.
// Internal when a header of the response cannot be sent: no token as name, a control character in the value.
Result<std::string> ResponseHead(const ServerResponse& response, std::uint64_t length, bool keep_alive);

// True for the statuses whose answers have no body, whatever the handler gave: 1xx, 204, 304.
bool HasNoBody(int status);

// An answer of the server's own, as problem+json (RFC 9457). `detail` must be plain text of ours: it is not escaped.
ServerResponse ServerProblem(int status, Refusal reason, std::string_view detail);

}  // namespace eoa::net
