// Session: one connection of the server, from its first byte to its end. Requests are served one after the other; what
// a peer sends ahead waits in the kernel's buffer. Every method runs on the thread of the session's worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/server/request_reader.h"
#include "common/net/server/worker.h"

#include <boost/asio/basic_waitable_timer.hpp>

namespace eoa::net {

class Session : public std::enable_shared_from_this<Session> {
 public:
  // `peer`: the address at the other end.
  Session(Stream stream, const std::string& peer, ServerState& server, Worker& worker);
  ~Session();

  // Serves until the connection ends. Somebody must hold the session meanwhile.
  Awaitable<void> Run();

  // Answers one 503 instead: too many connections.
  Awaitable<void> Refuse();

  // The handler's answer to the request of that number; dropped when that one is over.
  void Deliver(std::uint64_t number, ServerResponse response);

  // Ends the connection: at once if it idles or reads, after a 503 if a handler has the request, after the answer if
  // one is being written.
  void BeginStop();

 private:
  enum class Phase { kReading, kAwaitingAnswer, kWriting };

  Awaitable<bool> ServeOne();
  Awaitable<ServerResponse> Handle(ServerRequest request);
  Awaitable<bool> Write(ServerResponse response, bool keep_alive, bool head_only);
  Awaitable<bool> WritePiece(std::string_view head, std::string_view piece);
  Awaitable<bool> WriteFile(std::string head, int descriptor, std::uint64_t size);
  Awaitable<void> DrainAndClose();
  void WatchForDeparture();

  Stream stream_;
  ServerState& server_;
  Worker& worker_;
  RequestReader reader_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    Executor>
      answer_timer_;
  Phase phase_ = Phase::kReading;
  std::uint64_t number_ = 0;  // of the current request
  std::optional<ServerResponse> answer_;
  bool peer_left_ = false;
};

}  // namespace eoa::net
