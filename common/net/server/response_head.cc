#include "common/net/server/response_head.h"

#include "common/net/header_check.h"

namespace eoa::net {
namespace {

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "";  // The phrase is for people only and may be empty.
  }
}

}  // namespace

bool HasNoBody(int status) { return (status >= 100 && status < 200) || status == 204 || status == 304; }

Result<std::string> ResponseHead(const ServerResponse& response, std::uint64_t length, bool keep_alive) {
  if (response.status < 200 || response.status > 599) {
    return InternalError("a handler answered with status " + std::to_string(response.status));
  }
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(ReasonPhrase(response.status)).append("\r\n");
  const auto add = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  if (!HasNoBody(response.status)) {
    if (!IsHeaderValue(response.content_type)) return InternalError("a handler's content type cannot be sent");
    if (!response.content_type.empty()) add("Content-Type", response.content_type);
    add("Content-Length", std::to_string(length));
  }
  for (const auto& [name, value] : response.headers) {
    if (!IsHeaderName(name) || !IsHeaderValue(value)) return InternalError("a handler's header cannot be sent");
    add(name, value);
  }
  add("Connection", keep_alive ? "keep-alive" : "close");
  return head + "\r\n";
}

ServerResponse ServerProblem(int status, Refusal reason, std::string_view detail) {
  ServerResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = R"({"status":)" + std::to_string(status) + R"(,"title":")";
  response.body.append(ReasonPhrase(status)).append(R"(","reason":")").append(ToWord(reason));
  response.body.append(R"(","detail":")").append(detail).append("\"}");
  return response;
}

}  // namespace eoa::net
