#include "common/net/server/request_target.h"

#include <utility>

#include "common/net/http_message.h"

namespace eoa::net {
namespace {

// Takes what stands before `separator` off the front of `text`; all of it when there is none.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

Status ParsePath(std::string_view path, std::vector<std::string>& segments) {
  if (path.empty() || path.front() != '/') return InvalidArgumentError("the request target must start with a slash");
  path.remove_prefix(1);
  if (path.empty()) return OkStatus();
  for (bool last = false; !last;) {
    last = path.find('/') == std::string_view::npos;
    std::string segment;
    if (!PercentDecode(TakeUntil(path, '/'), segment))
      return InvalidArgumentError("the path is not percent-encoded UTF-8");
    if (segment == "." || segment == ".." || segment.find('/') != std::string::npos) {
      return InvalidArgumentError("the path holds a segment that is '.', '..' or has a slash inside");
    }
    segments.push_back(std::move(segment));
  }
  return OkStatus();
}

Status ParseQuery(std::string_view query, std::map<std::string, std::string>& values) {
  while (!query.empty()) {
    std::string_view value = TakeUntil(query, '&');
    const std::string_view name = TakeUntil(value, '=');
    std::string decoded_name;
    std::string decoded_value;
    if (!PercentDecode(name, decoded_name) || !PercentDecode(value, decoded_value)) {
      return InvalidArgumentError("the query is not percent-encoded UTF-8");
    }
    if (decoded_name.empty() && decoded_value.empty()) continue;
    if (!values.emplace(std::move(decoded_name), std::move(decoded_value)).second) {
      return InvalidArgumentError("the query gives a name twice");
    }
  }
  return OkStatus();
}

}  // namespace

Result<RequestTarget> ParseRequestTarget(std::string_view target) {
  if (target.find('#') != std::string_view::npos) return InvalidArgumentError("the request target holds a fragment");
  // The absolute form, as sent to proxies; servers must take it too.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    const auto path = target.find('/', scheme.size());
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    break;
  }
  RequestTarget parsed;
  EOA_RETURN_IF_ERROR(ParsePath(TakeUntil(target, '?'), parsed.path));
  EOA_RETURN_IF_ERROR(ParseQuery(target, parsed.query));
  return parsed;
}

}  // namespace eoa::net
