#include "common/net/http_server.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <atomic>
#include <ctime>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "common/base/mutex.h"
#include "tests/integration/net/raw_socket.h"

namespace eoa::net {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::string_view kGet = "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n";

// Keeps responders, so that a test answers when it wants.
class Parking {
 public:
  void Park(Responder responder) {
    const MutexLock lock(mutex_);
    parked_.push_back(std::move(responder));
    changed_.NotifyAll();
  }
  bool WaitFor(std::size_t count) {
    MutexLock lock(mutex_);
    return changed_.WaitFor(mutex_, kPatience, [&]() REQUIRES(mutex_) { return parked_.size() >= count; });
  }
  std::vector<Responder> Take() {
    const MutexLock lock(mutex_);
    return std::exchange(parked_, {});
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<Responder> parked_;
};

ServerResponse Text(std::string body) { return {.content_type = "text/plain", .body = std::move(body)}; }

// /echo answers with method and body at once, /park keeps the request, /drop forgets it, /throw throws, /file/PATH
// sends a file of the test's directory, /big a large body.
class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    directory_ = testing::TempDir() + "eoa-http-server-XXXXXX";
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~HttpServerTest() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Start(HttpServerOptions options = {}) {
    auto server = HttpServer::Start(options, [this](ServerRequest request, Responder responder) {
      const std::string first = request.path.empty() ? "" : request.path[0];
      if (first == "park") return parking_.Park(std::move(responder));
      if (first == "drop") return;
      if (first == "throw") throw std::runtime_error("handler's mistake");
      if (first == "file") return responder.Respond({.file = JoinPath(directory_, request.path.at(1))});
      if (first == "big") return responder.Respond(Text(std::string(64 << 20, 'b')));
      std::string body = request.method + " " + request.body;
      {
        const MutexLock lock(mutex_);
        last_ = std::move(request);
      }
      responder.Respond(Text(std::move(body)));
    });
    ASSERT_TRUE(server.ok()) << server.error().ToString();
    server_ = std::move(*server);
  }

  RawSocket Connect() const { return RawSocket::ConnectTo(server_->port()); }

  // What the server sends back for these bytes until it closes.
  std::string Exchange(std::string_view bytes) const {
    RawSocket peer = Connect();
    peer.Send(bytes);
    peer.ShutdownSend();
    return peer.ReadAll();
  }

  // Polls a statistic: it changes on the server's thread shortly after the peer sees the effect.
  bool Eventually(const std::function<bool()>& holds) const {
    for (const auto end = std::chrono::steady_clock::now() + kPatience; std::chrono::steady_clock::now() < end;) {
      if (holds()) return true;
      std::this_thread::sleep_for(2ms);
    }
    return holds();
  }

  ServerRequest last() {
    const MutexLock lock(mutex_);
    return last_;
  }

  std::string directory_;
  Parking parking_;
  Mutex mutex_;
  ServerRequest last_ GUARDED_BY(mutex_);
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersARequestAndKeepsTheConnection) {
  Start();
  RawSocket peer = Connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(peer.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"));
    const std::string answer = peer.ReadAnswer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nPOST hello"));
  }
  EXPECT_EQ(server_->stats().requests, 3U);
  EXPECT_EQ(server_->stats().connections_open, 1U);
}

TEST_F(HttpServerTest, DecodesPathAndQuery) {
  Start();
  Exchange("GET /echo/a%20b/%C3%A9?x=1%262&flag HTTP/1.1\r\nHost: h\r\nX-One: 1\r\n\r\n");
  const ServerRequest request = last();
  EXPECT_THAT(request.path, ElementsAre("echo", "a b", "é"));
  EXPECT_THAT(request.query, ElementsAre(Pair("flag", ""), Pair("x", "1&2")));
  EXPECT_EQ(request.headers.Get("x-ONE"), "1");
}

TEST_F(HttpServerTest, ServesRequestsSentAheadOneAfterTheOther) {
  Start();
  std::string requests;
  for (int i = 0; i < 200; ++i) requests.append("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  RawSocket peer = Connect();
  ASSERT_TRUE(peer.Send(requests));
  for (int i = 0; i < 200; ++i) ASSERT_THAT(peer.ReadAnswer(), EndsWith("POST abc")) << i;
}

TEST_F(HttpServerTest, LeavesOutTheBodyForHead) {
  Start();
  const std::string answer = Exchange("HEAD /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, HandsUnknownMethodsToTheHandler) {
  Start();
  EXPECT_THAT(Exchange("BREW /echo HTTP/1.1\r\nHost: h\r\n\r\n"), EndsWith("BREW "));
}

TEST_F(HttpServerTest, ReadsChunkedBodies) {
  Start();
  const std::string answer =
      Exchange("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("POST abcde"));
}

TEST_F(HttpServerTest, InvitesABodyThatIsWaitingForThat) {
  Start();
  RawSocket peer = Connect();
  peer.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.Send("ok");
  EXPECT_THAT(peer.ReadAnswer(), EndsWith("POST ok"));
}

TEST_F(HttpServerTest, ClosesWhenTheRequestAsksForIt) {
  Start();
  RawSocket peer = Connect();
  peer.Send("GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(peer.ReadAll(), HasSubstr("Connection: close"));
  EXPECT_THAT(Exchange("GET /echo HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close"));
}

struct Malformed {
  std::string name;
  std::string request;
  std::string status;
};

class MalformedRequestTest : public HttpServerTest, public testing::WithParamInterface<Malformed> {};

TEST_P(MalformedRequestTest, IsRefusedAndTheConnectionClosed) {
  Start();
  RawSocket peer = Connect();
  peer.Send(GetParam().request);
  const std::string answer = peer.ReadAll();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + GetParam().status));
  EXPECT_THAT(answer, HasSubstr("application/problem+json"));
  EXPECT_EQ(server_->stats().requests, 0U);
  EXPECT_EQ(server_->stats().malformed + server_->stats().too_large, 1U);
}

const std::string kHost = "Host: h\r\n";
INSTANTIATE_TEST_SUITE_P(
    HttpServer, MalformedRequestTest,
    testing::Values(
        Malformed{"NotHttp", "hello there\r\n\r\n", "400"},
        Malformed{"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), "400"},
        Malformed{"Version2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
        Malformed{"NoHost", "GET /echo HTTP/1.1\r\n\r\n", "400"},
        Malformed{"TwoHosts", "GET /echo HTTP/1.1\r\n" + kHost + kHost + "\r\n", "400"},
        Malformed{"BareLineFeedInHeader", "GET /echo HTTP/1.1\r\nHost: h\nX: 1\r\n\r\n", "400"},
        Malformed{"SpaceBeforeColon", "GET /echo HTTP/1.1\r\nHost : h\r\n\r\n", "400"},
        Malformed{"ControlCharacterInTarget", "GET /e\x01 HTTP/1.1\r\n" + kHost + "\r\n", "400"},
        Malformed{"BadEscape", "GET /echo/%zz HTTP/1.1\r\n" + kHost + "\r\n", "400"},
        Malformed{"EscapedNul", "GET /echo/%00 HTTP/1.1\r\n" + kHost + "\r\n", "400"},
        Malformed{"NotUtf8", "GET /echo/%ff HTTP/1.1\r\n" + kHost + "\r\n", "400"},
        Malformed{"Traversal", "GET /file/../secret HTTP/1.1\r\n" + kHost + "\r\n", "400"},
        Malformed{"EscapedTraversal", "GET /file/%2e%2e/secret HTTP/1.1\r\n" + kHost + "\r\n", "400"},
        Malformed{"EscapedSlash", "GET /file/..%2Fsecret HTTP/1.1\r\n" + kHost + "\r\n", "400"},
        Malformed{"QueryNameTwice", "GET /echo?a=1&a=2 HTTP/1.1\r\n" + kHost + "\r\n", "400"},
        Malformed{"TwoLengths",
                  "POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"},
        Malformed{
            "LengthAndChunked",
            "POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400"},
        Malformed{"NegativeLength", "POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: -1\r\n\r\n", "400"},
        Malformed{"LengthOverflow",
                  "POST /echo HTTP/1.1\r\n" + kHost + "Content-Length: 99999999999999999999999\r\n\r\n", "400"},
        Malformed{"UnknownCoding",
                  "POST /echo HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
        Malformed{"BadChunkSize", "POST /echo HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
                  "400"},
        Malformed{"UnknownExpectation", "POST /echo HTTP/1.1\r\n" + kHost + "Expect: tea\r\nContent-Length: 1\r\n\r\n",
                  "417"},
        Malformed{"HugeHeader", "GET /echo HTTP/1.1\r\n" + kHost + "X: " + std::string(100'000, 'x') + "\r\n\r\n",
                  "431"},
        Malformed{"HugeTarget", "GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\n" + kHost + "\r\n", "431"}),
    [](const auto& test) { return test.param.name; });

TEST_F(HttpServerTest, RefusesALargeBodyBeforeItArrives) {
  Start();
  RawSocket peer = Connect();
  peer.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000000\r\n\r\n");
  EXPECT_THAT(peer.ReadAll(), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(server_->stats().too_large, 1U);
}

TEST_F(HttpServerTest, RefusesAChunkedBodyThatGrowsTooLarge) {
  Start({.max_body_bytes = 1000});
  RawSocket peer = Connect();
  peer.Send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 11; ++i) peer.Send("64\r\n" + std::string(100, 'x') + "\r\n");
  EXPECT_THAT(peer.ReadAll(), StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, TakesABodyOfExactlyTheLimit) {
  Start({.max_body_bytes = 1000});
  EXPECT_THAT(Exchange("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, BoundsTheBodiesThatArriveTogether) {
  Start({.max_body_bytes = 1000, .max_buffered_bytes = 1500});
  RawSocket slow = Connect();
  slow.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
  slow.ReadUntil("\r\n\r\n");
  slow.Send(std::string(900, 'x'));
  EXPECT_TRUE(Eventually([&] { return server_->stats().buffered_bytes == 900; }));
  const std::string other = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 700\r\n\r\n" + std::string(700, 'y');
  EXPECT_THAT(Exchange(other), StartsWith("HTTP/1.1 503"));
  slow.Send(std::string(100, 'x'));
  EXPECT_THAT(slow.ReadAnswer(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Exchange(other), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(Eventually([&] { return server_->stats().buffered_bytes == 0; }));
}

TEST_F(HttpServerTest, HoldsNothingForBodiesThatAreAnnouncedAndDoNotCome) {
  Start({.max_body_bytes = 1000, .max_buffered_bytes = 1000});
  std::vector<RawSocket> silent;
  for (int i = 0; i < 64; ++i) {
    silent.push_back(Connect());
    silent.back().Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
  }
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 64; }));
  EXPECT_THAT(Exchange("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, LetsNoAddressUseItAll) {
  Start({.max_body_bytes = 1000, .max_connections_per_peer = 2, .max_buffered_bytes_per_peer = 1000});
  const std::string post = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n";
  RawSocket first = Connect();
  first.Send(post + std::string(999, 'x'));
  EXPECT_TRUE(Eventually([&] { return server_->stats().buffered_bytes == 999; }));
  EXPECT_THAT(Exchange(post + std::string(1000, 'y')), StartsWith("HTTP/1.1 503"));
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 1; }));
  const RawSocket second = Connect();
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 2; }));
  RawSocket third = Connect();
  EXPECT_THAT(third.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 503"));

  RawSocket other = RawSocket::ConnectTo(server_->port(), "127.0.0.2");
  other.Send(post + std::string(1000, 'z'));
  EXPECT_THAT(other.ReadAnswer(), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(last().peer, "127.0.0.2");

  first.Close();
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 2; }));
  RawSocket again = Connect();
  again.Send(post + std::string(1000, 'x'));
  EXPECT_THAT(again.ReadAnswer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, RefusesByTheHeadAloneWhatItsGateDoesNotLetIn) {
  HttpServerOptions options;
  options.gate = [](const ServerRequest& head) -> std::optional<ServerResponse> {
    if (head.headers.Has("Authorization")) return std::nullopt;
    return ServerResponse{.status = 401, .body = "who is there?"};
  };
  Start(options);
  const std::string length = "Content-Length: 1000000\r\n\r\n";
  RawSocket stranger = Connect();
  stranger.Send("POST /echo HTTP/1.1\r\nHost: h\r\n" + length);
  EXPECT_THAT(stranger.ReadAll(), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(Exchange("POST /echo HTTP/1.1\r\nHost: h\r\nAuthorization: x\r\nContent-Length: 3\r\n\r\nabc"),
              StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(last().body, "abc");
}

TEST_F(HttpServerTest, EndsARequestThatTricklesIn) {
  Start({.read_timeout = 300ms});
  RawSocket peer = Connect();
  const auto start = std::chrono::steady_clock::now();
  peer.Send("GET /echo HTTP/1.1\r\nHost: h\r\nX: ");
  std::jthread trickle([&] {
    for (int i = 0; i < 100 && peer.Send("x"); ++i) std::this_thread::sleep_for(50ms);
  });
  EXPECT_TRUE(peer.ClosedWithin(3s));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 250ms);
  EXPECT_TRUE(Eventually([&] { return server_->stats().timed_out == 1; }));
}

TEST_F(HttpServerTest, EndsABodyThatTricklesIn) {
  Start({.read_timeout = 300ms});
  RawSocket peer = Connect();
  peer.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_TRUE(peer.ClosedWithin(3s));
  EXPECT_TRUE(Eventually([&] { return server_->stats().timed_out == 1; }));
}

TEST_F(HttpServerTest, ClosesConnectionsThatSayNothing) {
  Start({.read_timeout = 200ms, .idle_timeout = 200ms});
  RawSocket silent = Connect();
  EXPECT_TRUE(silent.ClosedWithin(5s));
  RawSocket idle = Connect();
  idle.Send(kGet);
  idle.ReadAnswer();
  EXPECT_TRUE(idle.ClosedWithin(5s));
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 0; }));
}

TEST_F(HttpServerTest, GivesUpAPeerThatDoesNotReadItsAnswer) {
  Start({.write_timeout = 300ms});
  RawSocket peer = Connect();
  peer.Send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(Eventually([&] { return server_->stats().timed_out == 1 && server_->stats().connections_open == 0; }));
}

TEST_F(HttpServerTest, SendsALargeBodyWhole) {
  Start();
  RawSocket peer = Connect();
  peer.Send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answer = peer.ReadAnswer();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, std::size_t{64} << 20);
}

TEST_F(HttpServerTest, TellsConnectionsAboveTheCap) {
  Start({.max_connections = 2});
  RawSocket first = Connect();
  RawSocket second = Connect();
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 2; }));
  RawSocket third = Connect();
  EXPECT_THAT(third.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(server_->stats().connections_refused, 1U);
  first.Close();
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 1; }));
  RawSocket fourth = Connect();
  fourth.Send(kGet);
  EXPECT_THAT(fourth.ReadAnswer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, AnswersALongPollFromAnotherThread) {
  Start();
  RawSocket peer = Connect();
  peer.Send("GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(parking_.WaitFor(1));
  std::thread([&] {
    const auto parked = parking_.Take();
    parked[0].Respond(Text("first"));
    parked[0].Respond(Text("second"));
  }).join();
  EXPECT_THAT(peer.ReadAnswer(), EndsWith("first"));
  peer.Send(kGet);
  EXPECT_THAT(peer.ReadAnswer(), EndsWith("GET "));
}

TEST_F(HttpServerTest, AnswersInPlaceOfAHandlerThatTakesTooLong) {
  Start({.response_deadline = 200ms});
  RawSocket peer = Connect();
  peer.Send("GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(peer.ReadAnswer(), StartsWith("HTTP/1.1 503"));
  // The late answer must not become the next request's.
  peer.Send("GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(parking_.WaitFor(2));
  const auto parked = parking_.Take();
  parked[0].Respond(Text("late"));
  parked[1].Respond(Text("right"));
  EXPECT_THAT(peer.ReadAnswer(), EndsWith("right"));
}

TEST_F(HttpServerTest, AnswersForARequestThatIsForgottenAndForAHandlerThatThrows) {
  Start();
  RawSocket peer = Connect();
  for (const char* path : {"/drop", "/throw"}) {
    peer.Send("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(peer.ReadAnswer(), StartsWith("HTTP/1.1 500")) << path;
  }
}

TEST_F(HttpServerTest, NoticesAPeerThatLeavesDuringALongPoll) {
  Start();
  RawSocket peer = Connect();
  peer.Send("GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(parking_.WaitFor(1));
  peer.Close();
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 0; }));
  parking_.Take()[0].Respond(Text("nobody is there"));
}

TEST_F(HttpServerTest, HoldsAThousandLongPollsOnOneThread) {
  Start();
  std::vector<RawSocket> peers;
  for (int i = 0; i < 1000; ++i) {
    peers.push_back(Connect());
    peers.back().Send("GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  ASSERT_TRUE(parking_.WaitFor(1000));
  RawSocket other = Connect();
  other.Send(kGet);
  EXPECT_THAT(other.ReadAnswer(), StartsWith("HTTP/1.1 200"));
  for (const Responder& responder : parking_.Take()) responder.Respond(Text("now"));
  for (RawSocket& peer : peers) ASSERT_THAT(peer.ReadAnswer(), EndsWith("now"));
}

TEST_F(HttpServerTest, StreamsAFile) {
  Start();
  std::string content(5'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 3);
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(JoinPath(directory_, "weights"), content).ok());
  RawSocket peer = Connect();
  peer.Send("GET /file/weights HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answer = peer.ReadAnswer();
  EXPECT_TRUE(answer.ends_with(content));
  peer.Send("HEAD /file/weights HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(peer.ReadUntil("\r\n\r\n"), HasSubstr("Content-Length: 5000000\r\n"));
}

TEST_F(HttpServerTest, AnswersForFilesThatAreNotThere) {
  Start();
  std::filesystem::create_directory(JoinPath(directory_, "folder"));
  RawSocket peer = Connect();
  peer.Send("GET /file/none HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(peer.ReadAnswer(), StartsWith("HTTP/1.1 404"));
  peer.Send("GET /file/folder HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(peer.ReadAnswer(), StartsWith("HTTP/1.1 500"));
}

TEST_F(HttpServerTest, CutsTheConnectionWhenAFileShrinksOnTheWay) {
  Start();
  const std::string path = JoinPath(directory_, "shrinking");
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(path, std::string(64 << 20, 'x')).ok());
  RawSocket peer = Connect();
  peer.Send("GET /file/shrinking HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::size_t head = peer.ReadUntil("\r\n\r\n", 1000).size();
  std::filesystem::resize_file(path, 1000);
  EXPECT_LT(head + peer.ReadAll().size(), std::size_t{64} << 20);
}

TEST_F(HttpServerTest, StopsWithinItsGraceAndAnswersWhatIsPending) {
  Start();
  RawSocket waiting = Connect();
  waiting.Send("GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(parking_.WaitFor(1));
  RawSocket idle = Connect();
  RawSocket half = Connect();
  half.Send("GET /echo HT");
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 3; }));
  const auto start = std::chrono::steady_clock::now();
  server_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms);
  EXPECT_THAT(waiting.ReadAll(), StartsWith("HTTP/1.1 503"));
  EXPECT_TRUE(idle.ClosedWithin(1s));
  EXPECT_TRUE(half.ClosedWithin(1s));
  // A responder may outlive its server.
  parking_.Take()[0].Respond(Text("too late"));
}

TEST_F(HttpServerTest, StopsThoughAPeerDoesNotReadItsAnswer) {
  Start();
  RawSocket peer = Connect();
  peer.Send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(peer.ReadUntil("\r\n\r\n", 12), "HTTP/1.1 200");
  const auto start = std::chrono::steady_clock::now();
  server_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 4s);
}

TEST_F(HttpServerTest, RunsTasksLaterOnItsOwnThread) {
  Start();
  Mutex mutex;
  CondVar changed;
  std::vector<std::string> ran;
  const auto task = [&](std::string name) {
    return [&, name] {
      const MutexLock lock(mutex);
      ran.push_back(name);
      changed.NotifyAll();
    };
  };
  server_->RunAfter(100ms, task("later"));
  server_->RunAfter(0ms, task("soon"));
  server_->RunAfter(1h, task("never"));
  MutexLock lock(mutex);
  EXPECT_TRUE(changed.WaitFor(mutex, kPatience, [&] { return ran.size() == 2; }));
  EXPECT_THAT(ran, ElementsAre("soon", "later"));
  lock.Unlock();
  server_.reset();
  EXPECT_THAT(ran, ElementsAre("soon", "later"));
}

TEST_F(HttpServerTest, RefusesAPortThatIsTakenAndAnAddressThatIsNone) {
  Start();
  const auto taken = HttpServer::Start({.port = server_->port()}, [](ServerRequest, const Responder&) {});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code(), ErrorCode::kAlreadyExists);
  const auto nowhere = HttpServer::Start({.address = "localhost"}, [](ServerRequest, const Responder&) {});
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(HttpServerTest, DoesNotSpinWhenNoDescriptorIsLeft) {
  Start();
  RawSocket served = Connect();
  served.Send(kGet);
  served.ReadAnswer();
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  RawSocket waiting = Connect();
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections_open == 2; }));
  // One descriptor is left, for the test's own end of the next connection.
  const int probe = ::dup(0);
  ::close(probe);
  const rlimit tight{static_cast<rlim_t>(probe) + 1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  RawSocket starved = Connect();
  const std::clock_t start = std::clock();
  std::this_thread::sleep_for(500ms);
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 0.25);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  starved.Send(kGet);
  EXPECT_THAT(starved.ReadAnswer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, ServesManyConnectionsOnSeveralThreads) {
  Start({.threads = 2});
  std::vector<std::jthread> clients;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      RawSocket peer = Connect();
      for (int j = 0; j < 200; ++j) {
        peer.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        if (peer.ReadAnswer().ends_with("POST abc")) ++answered;
      }
    });
  }
  clients.clear();
  EXPECT_EQ(answered, 1600);
}

}  // namespace
}  // namespace eoa::net
