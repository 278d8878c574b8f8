// Any bytes as what a peer sends on one connection to the real server. It must end the connection by itself and answer
// nothing but HTTP.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "common/base/check.h"
#include "common/net/http_server.h"

namespace {

constexpr int kPatienceSeconds = 4;  // far more than an answer takes, less than the server's own timeouts

eoa::net::HttpServer& Server() {
  static const std::unique_ptr<eoa::net::HttpServer> server = [] {
    auto started = eoa::net::HttpServer::Start(
        {}, [](const eoa::net::ServerRequest& request, const eoa::net::Responder& responder) {
          responder.Respond({.body = request.method + " " + std::to_string(request.path.size()) + request.body});
        });
    EOA_CHECK(started.ok(), "the server starts");
    return *std::move(started);
  }();
  return *server;
}

int Connect() {
  const int peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // From many of loopback's addresses in turn: each has ports for some ten seconds of connections, which the server,
  // closing first, keeps in TIME_WAIT for a minute.
  static std::uint32_t connections = 0;
  const int later = 1;
  ::setsockopt(peer, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &later, sizeof later);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 + connections++ % 200);
  EOA_CHECK(::bind(peer, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0, "an address of loopback");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(Server().port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EOA_CHECK(::connect(peer, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connecting");
  const timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
  ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  // Closed at once at the end: no port waits for late packets.
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  return peer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int peer = Connect();
  // The server may close before it has taken everything.
  if (::send(peer, data, size, MSG_NOSIGNAL) >= 0) ::shutdown(peer, SHUT_WR);
  std::string answer;
  std::array<char, 4096> piece{};
  ssize_t got = 0;
  // libFuzzer's clock interrupts calls.
  while ((got = ::recv(peer, piece.data(), piece.size(), 0)) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) answer.append(piece.data(), static_cast<std::size_t>(got));
  }
  EOA_CHECK(got == 0 || errno == ECONNRESET, std::string("the server ends the connection; ") + std::strerror(errno));
  EOA_CHECK(answer.empty() || answer.starts_with("HTTP/1.1 "), answer);
  ::close(peer);
  return 0;
}
