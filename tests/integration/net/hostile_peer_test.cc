// Throws thousands of damaged requests at a real server: it must answer or close each time, and stay well.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "common/net/http_server.h"
#include "tests/integration/net/raw_socket.h"

namespace eoa::net {
namespace {

using testing::AnyOf;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr int kRequests = 6000;

const std::vector<std::string>& Seeds() {
  static const std::vector<std::string> seeds = {
      "GET /echo/a%20b?x=1&y=2 HTTP/1.1\r\nHost: h\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nContent-Type: application/json\r\n\r\n{\"a\":[1,2]}",
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5;ext=1\r\nhello\r\n3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
      "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\nX-Long: " + std::string(500, 'v') + "\r\n\r\n",
  };
  return seeds;
}

const std::vector<std::string>& Fragments() {
  static const std::vector<std::string> fragments = {
      "\r\n",
      "\n",
      "\r",
      "\r\n\r\n",
      std::string(1, '\0'),
      " ",
      "\t",
      ":",
      "%",
      "%00",
      "%2e%2e/",
      "../",
      "?",
      "&",
      "=",
      "#",
      "HTTP/9.9",
      "Content-Length: 18446744073709551615\r\n",
      "Content-Length: -1\r\n",
      "Content-Length: 0x10\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Transfer-Encoding: identity\r\n",
      "ffffffffffffffff\r\n",
      "-5\r\n",
      "0\r\n\r\n",
      "Host: again\r\n",
      "Connection: close\r\n",
      "Upgrade: h2c\r\n",
      "\xff\xfe",
      "\x80",
      std::string(9000, 'A'),
      std::string(300, '\n'),
  };
  return fragments;
}

std::string Mutated(SeededRandom& random) {
  std::string request = Seeds()[random.NextBelow(Seeds().size())];
  for (auto mutations = 1 + random.NextBelow(4); mutations > 0; --mutations) {
    const std::size_t at = random.NextBelow(request.size() + 1);
    const std::size_t length = random.NextBelow(std::min<std::size_t>(request.size() - at, 20) + 1);
    switch (random.NextBelow(6)) {
      case 0:
        request.insert(at, Fragments()[random.NextBelow(Fragments().size())]);
        break;
      case 1:
        request.erase(at, length);
        break;
      case 2:
        if (at < request.size()) request[at] = static_cast<char>(random.NextBelow(256));
        break;
      case 3:
        request.insert(at, request.substr(at, length));
        break;
      case 4:
        request.resize(at);
        break;
      default:
        request += Seeds()[random.NextBelow(Seeds().size())];
        break;
    }
  }
  return request;
}

TEST(HostilePeerTest, NeverHarmsTheServer) {
  auto server = HttpServer::Start(
      {.threads = 2, .max_body_bytes = 4096, .read_timeout = 2s, .idle_timeout = 2s},
      [](ServerRequest request, const Responder& responder) { responder.Respond({.body = std::move(request.body)}); });
  ASSERT_TRUE(server.ok());
  SeededRandom random(20'240'229, {HashName("hostile peer"), 0});
  int answered = 0;
  for (int i = 0; i < kRequests; ++i) {
    const std::string request = Mutated(random);
    RawSocket peer = RawSocket::ConnectTo((*server)->port());
    // In pieces, too: a parser meets other states then.
    const std::size_t cut = random.NextBelow(request.size() + 1);
    peer.Send(std::string_view(request).substr(0, cut));
    peer.Send(std::string_view(request).substr(cut));
    if (random.NextBelow(10) == 0) {
      peer.Reset();
      continue;
    }
    peer.ShutdownSend();
    const std::string answer = peer.ReadAll();
    ASSERT_THAT(answer, AnyOf("", StartsWith("HTTP/1.1 "))) << i;
    if (!answer.empty()) ++answered;
  }
  EXPECT_GT(answered, kRequests / 4);
  EXPECT_GT((*server)->stats().malformed, 0U);

  RawSocket peer = RawSocket::ConnectTo((*server)->port());
  peer.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwell");
  EXPECT_THAT(peer.ReadAll(), testing::EndsWith("\r\n\r\nwell"));
}

}  // namespace
}  // namespace eoa::net
