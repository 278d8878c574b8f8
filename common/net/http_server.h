// HttpServer: HTTP/1.1 on Boost.Beast with a bound on everything a peer can make grow. Nothing else includes
// Boost.Beast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/http_message.h"

namespace eoa::net {

struct ServerRequest {
  std::string method;  // HEAD arrives as GET; the server leaves the answer's body out
  // Decoded segments: /v1/jobs/x is {"v1", "jobs", "x"}; never ".", ".." or with a slash inside.
  std::vector<std::string> path;
  std::map<std::string, std::string> query;  // decoded; a name given twice is answered 400 before the handler
  Headers headers;
  std::string body;
  std::string peer;  // the address that it comes from, without the port
};

// What is sent back. With `file` set the body is that file's content, streamed, and `body` is ignored; 404 when it is
// not there, 500 when it is no regular file. A file that shrinks while it is sent ends the connection.
struct ServerResponse {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers{};
  std::string body{};
  std::string file{};
};

// Completes one request: callable once, from any thread, at any time; later calls and calls after the peer has left do
// nothing. A request whose last Responder is destroyed unanswered gets 500.
class Responder {
 public:
  class Connection;
  explicit Responder(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  void Respond(ServerResponse response) const;

  // Calls `observer` with the answer's status when it is given, from the thread that gives it; also when the request is
  // dropped. At most one observer, before anybody else has a copy of this responder.
  void Observe(std::function<void(int status)> observer) const;

 private:
  std::shared_ptr<Connection> connection_;
};

// Runs on a server thread and must not block: answer at once or keep the Responder (a long poll).
using Handler = std::function<void(ServerRequest request, Responder responder)>;

// Looks at a request whose body is still to come. An answer refuses it: the body is not read, and the connection is
// closed. Like a Handler, it must not block.
using Gate = std::function<std::optional<ServerResponse>(const ServerRequest& head)>;

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // an IP; "0.0.0.0" for every interface
  std::uint16_t port = 0;             // 0: any free one; see HttpServer::port()
  int threads = 1;

  // More connections are answered 503 and closed; a longer body is answered 413.
  std::size_t max_connections = 4096;
  std::size_t max_header_bytes = std::size_t{8} * 1024;
  std::size_t max_body_bytes = std::size_t{1} << 20;
  // Bodies of all connections together, as far as they have arrived; more are answered 503.
  std::size_t max_buffered_bytes = std::size_t{64} << 20;

  // The same of one address; 0: no limit but those above.
  std::size_t max_connections_per_peer = 0;
  std::size_t max_buffered_bytes_per_peer = 0;

  Gate gate = nullptr;  // none: every body is read

  // A connection is closed when a request that has begun takes longer than read_timeout to arrive, when it is kept
  // alive for idle_timeout without a request, or when 64 KiB of an answer take longer than write_timeout.
  Duration read_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(75);
  Duration write_timeout = std::chrono::seconds(30);
  // For the handler's answer; then 503. Longer than the longest long poll.
  Duration response_deadline = std::chrono::seconds(65);
};

// Counters since the start, by what happened; read by metrics.
struct HttpServerStats {
  std::uint64_t requests = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t malformed = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t too_large = 0;
  std::uint64_t buffered_bytes = 0;  // now, of bodies that are arriving
};

// Thread-safety: every method from any thread; the destructor from outside the handlers.
class HttpServer {
 public:
  // Listens when it returns. AlreadyExists when the port is taken. Raises the process's limit of open files to what
  // max_connections needs, as far as the system lets it.
  static Result<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options, Handler handler);

  // Stops accepting, answers pending requests 503, closes and joins.
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  virtual HttpServerStats stats() const = 0;

  // Runs `task` on a server thread after `delay` (zero: soon). Dropped, not run, if the server stops before.
  virtual void RunAfter(Duration delay, std::function<void()> task) = 0;
};

// The token behind "Authorization: Bearer "; empty when there is none, or more than one header of that name. A part of
// `headers`.
std::string_view BearerToken(const Headers& headers);

// True when the request carries exactly "Authorization: Bearer TOKEN"; takes the same time for every wrong token of the
// same length.
bool HasBearerToken(const Headers& headers, std::string_view token);

// Takes the same time for every wrong secret of the same length.
bool EqualSecrets(std::string_view given, std::string_view secret);

}  // namespace eoa::net
