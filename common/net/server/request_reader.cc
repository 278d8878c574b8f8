#include "common/net/server/request_reader.h"

#include <algorithm>
#include <array>
#include <limits>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/net/server/request_target.h"
#include "common/net/server/response_head.h"

namespace eoa::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;

using Parser = http::request_parser<http::string_body>;

constexpr asio::use_awaitable_t<Executor> kAwait;
constexpr std::size_t kReadAhead = std::size_t{16} * 1024;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

Incoming Fault(ServerResponse response) {
  Incoming incoming;
  incoming.fault = std::move(response);
  return incoming;
}

Incoming Malformed(ServerState& server, std::string_view detail) {
  ++server.malformed;
  return Fault(ServerProblem(400, Refusal::kMalformedRequest, detail));
}

Incoming FromReadError(ServerState& server, const ErrorCode& error) {
  if (error == beast::error::timeout) {
    // Beast closes the socket when its time is over.
    ++server.timed_out;
    return {};
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    ++server.too_large;
    return Fault(ServerProblem(431, Refusal::kHeadersTooLarge, "the request's headers are too large"));
  }
  if (error == http::error::body_limit) {
    ++server.too_large;
    const std::string limit = std::to_string(server.options.max_body_bytes);
    return Fault(ServerProblem(413, Refusal::kBodyTooLarge,
                               "the request's body is larger than the " + limit + " bytes allowed"));
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message) return {};
  if (error.category() == http::make_error_code(http::error::bad_method).category()) {
    return Malformed(server, "the request is not well-formed HTTP/1.1");
  }
  return {};
}

// What an arriving body takes, given back when the body is read or given up. Only what has come counts: whoever
// announces much and sends nothing holds nothing.
class ArrivingBody {
 public:
  ArrivingBody(ServerState& server, const std::string& peer) : server_(server), peer_(peer) {}
  ArrivingBody(const ArrivingBody&) = delete;
  ArrivingBody& operator=(const ArrivingBody&) = delete;
  ~ArrivingBody() {
    server_.buffered_bytes -= bytes_;
    server_.peers.RemoveBytes(peer_, bytes_);
  }

  // False: there is no room for it.
  bool GrowTo(std::uint64_t size) {
    const std::uint64_t more = size - bytes_;
    if (!server_.peers.AddBytes(peer_, more)) return false;
    bytes_ = size;
    return server_.buffered_bytes.fetch_add(more) + more <= server_.options.max_buffered_bytes;
  }

 private:
  ServerState& server_;
  const std::string& peer_;
  std::uint64_t bytes_ = 0;
};

// Nothing when the header is fit to be served.
std::optional<Incoming> CheckHeader(ServerState& server, const Parser::value_type& message) {
  if (message.count(http::field::host) != 1 && (message.version() >= 11 || message.count(http::field::host) > 1)) {
    return Malformed(server, "a request needs exactly one Host header");
  }
  // A coding that is not understood would leave the end of the body in doubt.
  const auto coding = message.find(http::field::transfer_encoding);
  if (coding != message.end() && (message.version() < 11 || message.count(http::field::transfer_encoding) > 1 ||
                                  !beast::iequals(coding->value(), "chunked"))) {
    ++server.malformed;
    return Fault(ServerProblem(501, Refusal::kUnknownTransferEncoding, "only chunked is understood"));
  }
  const auto expect = message.find(http::field::expect);
  if (expect != message.end() && !beast::iequals(expect->value(), "100-continue")) {
    ++server.malformed;
    return Fault(ServerProblem(417, Refusal::kExpectationFailed, "only 100-continue is understood"));
  }
  return std::nullopt;
}

// The request without its body.
Incoming ToIncoming(ServerState& server, const std::string& peer, const Parser::value_type& message) {
  Result<RequestTarget> target = ParseRequestTarget(View(message.target()));
  if (!target.ok()) return Malformed(server, target.error().message());
  Incoming incoming;
  incoming.keep_alive = message.keep_alive();
  incoming.head_only = message.method() == http::verb::head;
  ServerRequest& request = incoming.request.emplace();
  request.method = incoming.head_only ? "GET" : std::string(View(message.method_string()));
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  for (const auto& field : message) {
    request.headers.Add(std::string(View(field.name_string())), std::string(View(field.value())));
  }
  request.peer = peer;
  return incoming;
}

}  // namespace

// Behind the largest header there may be some of the body already, which stays in the buffer until the header is
// parsed.
RequestReader::RequestReader(Stream& stream, std::string peer, ServerState& server)
    : stream_(stream), peer_(std::move(peer)), server_(server), buffer_(server.options.max_header_bytes + kReadAhead) {}

Awaitable<Incoming> RequestReader::Next() {
  if (buffer_.size() == 0) {
    // Thousands of idle connections should not hold buffers.
    buffer_.shrink_to_fit();
    const bool begun = co_await AwaitFirstByte();
    if (!begun) co_return Incoming{};
  }
  stream_.expires_after(server_.options.read_timeout);
  Incoming incoming = co_await ReadWhole();
  stream_.expires_never();
  co_return incoming;
}

Awaitable<bool> RequestReader::AwaitFirstByte() {
  stream_.expires_after(first_ ? server_.options.read_timeout : server_.options.idle_timeout);
  first_ = false;
  ErrorCode error;
  std::array<char, 1024> block;
  const std::size_t got = co_await stream_.async_read_some(asio::buffer(block), asio::redirect_error(kAwait, error));
  if (error == beast::error::timeout) ++server_.timed_out;
  if (error) co_return false;
  const std::size_t kept = asio::buffer_copy(buffer_.prepare(got), asio::buffer(block, got));
  buffer_.commit(kept);
  co_return true;
}

Awaitable<Incoming> RequestReader::ReadWhole() {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(
      std::min<std::size_t>(server_.options.max_header_bytes, std::numeric_limits<std::uint32_t>::max())));
  parser.body_limit(server_.options.max_body_bytes);
  ErrorCode error;
  co_await http::async_read_header(stream_, buffer_, parser, asio::redirect_error(kAwait, error));
  if (error) co_return FromReadError(server_, error);
  if (auto refused = CheckHeader(server_, parser.get())) co_return *std::move(refused);
  Incoming incoming = ToIncoming(server_, peer_, parser.get());
  if (incoming.fault || parser.is_done()) co_return incoming;

  if (server_.options.gate) {
    if (auto refusal = server_.options.gate(*incoming.request)) co_return Fault(*std::move(refusal));
  }
  if (parser.get().count(http::field::expect) > 0) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(stream_, asio::buffer(kContinue), asio::redirect_error(kAwait, error));
    if (error) co_return Incoming{};
  }
  parser.eager(true);
  ArrivingBody body(server_, peer_);
  while (!parser.is_done()) {
    co_await http::async_read_some(stream_, buffer_, parser, asio::redirect_error(kAwait, error));
    if (error) co_return FromReadError(server_, error);
    if (!body.GrowTo(parser.get().body().size())) {
      co_return Fault(ServerProblem(503, Refusal::kUnavailable, "too many request bodies at once"));
    }
  }
  incoming.request->body = std::move(parser.get().body());
  co_return incoming;
}

}  // namespace eoa::net
