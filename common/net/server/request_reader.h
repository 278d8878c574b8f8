// RequestReader: reads the requests of one connection within the server's bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/net/server/worker.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace eoa::net {

using Stream = boost::beast::basic_stream<boost::asio::ip::tcp, Executor>;

// What came next on the connection: a request, a fault to be answered before closing, or (neither) the end.
struct Incoming {
  std::optional<ServerRequest> request;
  bool keep_alive = false;  // as the request asks
  bool head_only = false;   // it was HEAD
  std::optional<ServerResponse> fault;
};

// Thread-safety: the worker's thread only. `stream` and `server` outlive the reader.
class RequestReader {
 public:
  RequestReader(Stream& stream, std::string peer, ServerState& server);

  // Never throws for what a peer does. Counts in the server's statistics what it refuses.
  Awaitable<Incoming> Next();

 private:
  Awaitable<bool> AwaitFirstByte();
  Awaitable<Incoming> ReadWhole();

  Stream& stream_;
  const std::string peer_;
  ServerState& server_;
  boost::beast::flat_buffer buffer_;
  bool first_ = true;
};

}  // namespace eoa::net
