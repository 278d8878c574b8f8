// The request target of HTTP/1.1 (RFC 9112, 3.2) as path segments and query.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace eoa::net {

struct RequestTarget {
  std::vector<std::string> path;             // decoded; {} for "/", a last empty one for a trailing slash
  std::map<std::string, std::string> query;  // decoded; "a" without "=" has the empty value
};

// InvalidArgument, fit to be shown to the peer, for what is neither "/path?query" nor "http://host/path?query", for
// malformed escapes, for a name given twice, and for segments that could leave a directory: ".", "..", or with a slash
// inside once decoded.
Result<RequestTarget> ParseRequestTarget(std::string_view target);

}  // namespace eoa::net
