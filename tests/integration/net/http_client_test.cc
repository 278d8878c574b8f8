#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/cpprest/cpprest_client.h"
#include "common/net/http_server.h"
#include "tests/integration/net/raw_socket.h"

namespace eoa::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

std::size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// A client against a server of raw bytes. `url_` leads to `listener_`.
class HttpClientTest : public testing::Test {
 protected:
  // Runs Send in the background, so that the test can play the server.
  std::future<Result<Response>> SendLater(Request request, Cancellation* cancellation = nullptr) {
    return std::async(std::launch::async, [this, request = std::move(request), cancellation] {
      return client_->Send(request, cancellation);
    });
  }

  Request Get(const std::string& path = "/x") const { return {.url = url_ + path}; }

  // What the client makes of these bytes as an answer; afterwards the server closes.
  Result<Response> AnswerOf(std::string_view bytes, Duration timeout = 10s) {
    Request request = Get();
    request.timeout = timeout;
    auto result = SendLater(std::move(request));
    RawSocket peer = listener_.Accept();
    peer.ReadUntil("\r\n\r\n");
    peer.Send(bytes);
    peer.ShutdownSend();
    return result.get();
  }

  static void ExpectError(const Result<Response>& result, ErrorCode code) {
    ASSERT_FALSE(result.ok()) << result->status << " " << result->body;
    EXPECT_EQ(result.error().code(), code) << result.error().ToString();
  }

  RawListener listener_;
  const std::string url_ = "http://127.0.0.1:" + std::to_string(listener_.port());
  std::unique_ptr<HttpClient> client_ = MakeCpprestClient({.user_agent = "test/1"});
};

TEST_F(HttpClientTest, SendsWhatItIsGiven) {
  Request request{.method = "POST",
                  .url = url_ + "/a%20b/c?q=1%262&r",
                  .headers = {{"Authorization", "Bearer token"}, {"Content-Type", "application/json"}},
                  .body = R"({"a":1})"};
  auto result = SendLater(request);
  RawSocket peer = listener_.Accept();
  const std::string head = peer.ReadUntil(R"({"a":1})");
  EXPECT_THAT(head, StartsWith("POST /a%20b/c?q=1%262&r HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nAuthorization:Bearer token\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Type:application/json\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length:7\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nUser-Agent:test/1\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(head, Not(HasSubstr("Accept-Encoding")));
  peer.Send("HTTP/1.1 201 Created\r\nX-Answer: yes\r\nContent-Length: 4\r\n\r\ndone");
  const Result<Response> answer = result.get();
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->headers.Get("x-answer"), "yes");
  EXPECT_EQ(answer->body, "done");
}

TEST_F(HttpClientTest, UnderstandsEveryFormOfBody) {
  EXPECT_EQ(AnswerOf("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")->body, "abc");
  EXPECT_EQ(AnswerOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")->body,
            "abc");
  EXPECT_EQ(AnswerOf("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc")->body, "abc");
  EXPECT_EQ(AnswerOf("HTTP/1.1 204 No Content\r\n\r\n")->body, "");
}

TEST_F(HttpClientTest, GivesErrorStatusesAsAnswers) {
  const auto answer = AnswerOf("HTTP/1.1 409 Conflict\r\nContent-Length: 5\r\n\r\nstale");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 409);
  EXPECT_EQ(answer->body, "stale");
}

TEST_F(HttpClientTest, DoesNotFollowRedirects) {
  RawListener elsewhere;
  const auto answer = AnswerOf("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + std::to_string(elsewhere.port()) +
                               "/\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 302);
  EXPECT_FALSE(elsewhere.HasConnection(50ms));
}

TEST_F(HttpClientTest, RefusesWhatCannotBeSent) {
  for (const char* url : {"", "127.0.0.1/x", "ftp://h/x", "http://", "http://[::1]:80/x", "http://user:secret@h/x",
                          "http://h/a b", "http://h:99999999/x"}) {
    ExpectError(client_->Send({.url = url}), ErrorCode::kInvalidArgument);
  }
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"X", "a\r\nY: b"},
                                                                                    {"X", "token\n"},
                                                                                    {"X", std::string("a\0b", 3)},
                                                                                    {"X: Y", "a"},
                                                                                    {"", "a"},
                                                                                    {"Host", "other"},
                                                                                    {"content-length", "5"}}) {
    Request request = Get();
    request.headers.Add(name, value);
    ExpectError(client_->Send(request), ErrorCode::kInvalidArgument);
  }
  Request request = Get();
  request.method = "GET / HTTP/1.1\r\nX:";
  ExpectError(client_->Send(request), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(listener_.HasConnection(50ms));
}

TEST_F(HttpClientTest, SaysWhenNobodyListens) {
  std::string gone;
  {
    const RawListener closed;
    gone = "http://127.0.0.1:" + std::to_string(closed.port()) + "/";
  }
  const auto result = client_->Send({.url = gone});
  ExpectError(result, ErrorCode::kUnavailable);
  EXPECT_THAT(result.error().message(), HasSubstr("cannot connect to http://127.0.0.1:"));
}

TEST_F(HttpClientTest, SaysWhenTheConnectionBreaks) {
  ExpectError(AnswerOf(""), ErrorCode::kUnavailable);
  ExpectError(AnswerOf("HTTP/1.1 200 OK\r\nContent-Le"), ErrorCode::kUnavailable);
  ExpectError(AnswerOf("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), ErrorCode::kUnavailable);
  ExpectError(AnswerOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), ErrorCode::kUnavailable);
  auto reset = SendLater(Get());
  RawSocket peer = listener_.Accept();
  peer.ReadUntil("\r\n\r\n");
  peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  peer.Reset();
  ExpectError(reset.get(), ErrorCode::kUnavailable);
}

TEST_F(HttpClientTest, SaysWhenTheAnswerIsNotHttp) {
  ExpectError(AnswerOf("SSH-2.0-OpenSSH\r\n\r\n"), ErrorCode::kDataLoss);
  ExpectError(AnswerOf("HTTP/1.1 abc\r\n\r\n"), ErrorCode::kDataLoss);
  ExpectError(AnswerOf("HTTP/1.1 99999 Big\r\nContent-Length: 0\r\n\r\n"), ErrorCode::kDataLoss);
  ExpectError(AnswerOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"), ErrorCode::kDataLoss);
}

TEST_F(HttpClientTest, DoesNotTakeAnInterimAnswerForTheFinalOne) {
  ExpectError(
      AnswerOf("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal"),
      ErrorCode::kDataLoss);
  // The connection with the left-over answer is not used again.
  EXPECT_EQ(AnswerOf("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext")->body, "next");
}

TEST_F(HttpClientTest, GivesUpAtTheDeadlineWhereverTheAnswerHangs) {
  for (const std::string_view start : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"}) {
    Request request = Get();
    request.timeout = 200ms;
    const auto begun = std::chrono::steady_clock::now();
    auto result = SendLater(request);
    RawSocket peer = listener_.Accept();
    peer.ReadUntil("\r\n\r\n");
    peer.Send(start);
    ExpectError(result.get(), ErrorCode::kDeadlineExceeded);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
    EXPECT_TRUE(peer.ClosedWithin(2s));
  }
}

TEST_F(HttpClientTest, CountsTheDeadlineOverTheWholeAnswer) {
  Request request = Get();
  request.timeout = 300ms;
  auto result = SendLater(request);
  RawSocket peer = listener_.Accept();
  peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  std::jthread trickle([&] {
    while (peer.Send("x")) std::this_thread::sleep_for(20ms);
  });
  ExpectError(result.get(), ErrorCode::kDeadlineExceeded);
}

TEST_F(HttpClientTest, IsCancelledFromAnotherThread) {
  Cancellation cancellation;
  Request request = Get();
  request.timeout = 1h;
  auto result = SendLater(request, &cancellation);
  RawSocket peer = listener_.Accept();
  cancellation.Cancel();
  ExpectError(result.get(), ErrorCode::kCancelled);
  EXPECT_TRUE(peer.ClosedWithin(2s));
  ExpectError(client_->Send(request, &cancellation), ErrorCode::kCancelled);
}

TEST_F(HttpClientTest, RefusesAnAnswerThatIsTooLarge) {
  const std::string large(2000, 'x');
  for (const std::string& answer : {"Content-Length: 2000\r\n\r\n" + large, "Connection: close\r\n\r\n" + large,
                                    "Transfer-Encoding: chunked\r\n\r\n7d0\r\n" + large + "\r\n0\r\n\r\n"}) {
    Request request = Get();
    request.max_response_bytes = 1000;
    auto result = SendLater(request);
    RawSocket peer = listener_.Accept();
    peer.ReadUntil("\r\n\r\n");
    peer.Send("HTTP/1.1 200 OK\r\n" + answer);
    peer.ShutdownSend();
    ExpectError(result.get(), ErrorCode::kResourceExhausted);
  }
}

TEST_F(HttpClientTest, KeepsTheConnection) {
  RawSocket peer(-1);
  for (int i = 0; i < 3; ++i) {
    auto result = SendLater(Get());
    if (i == 0) peer = listener_.Accept();
    EXPECT_THAT(peer.ReadUntil("\r\n\r\n"), StartsWith("GET /x"));
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(i));
    EXPECT_EQ(result.get()->body, std::to_string(i));
  }
  EXPECT_FALSE(listener_.HasConnection(20ms));
}

// What cpprest_client.h promises, and why every request must be idempotent.
TEST_F(HttpClientTest, SendsARequestAgainWhenAKeptConnectionWasClosedOnIt) {
  RawSocket first(-1);
  {
    auto result = SendLater(Get());
    first = listener_.Accept();
    first.ReadUntil("\r\n\r\n");
    first.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(result.get().ok());
  }
  Request post = Get();
  post.method = "POST";
  post.body = "once";
  auto result = SendLater(post);
  EXPECT_THAT(first.ReadUntil("once"), HasSubstr("POST /x"));
  first.Close();
  RawSocket second = listener_.Accept();
  EXPECT_THAT(second.ReadUntil("once"), HasSubstr("POST /x"));
  second.Send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
  EXPECT_EQ(result.get()->body, "second");
}

TEST_F(HttpClientTest, RecoversFromAKeptConnectionThatClosedInSilence) {
  for (int i = 0; i < 20; ++i) {
    auto result = SendLater(Get());
    RawSocket peer = listener_.Accept();
    peer.ReadUntil("\r\n\r\n");
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(result.get()->body, "ok");
    i % 2 == 0 ? peer.Close() : peer.Reset();
  }
}

TEST_F(HttpClientTest, StreamsWithoutHoldingTheBody) {
  constexpr std::size_t kBytes = std::size_t{256} << 20;
  std::jthread server([&] {
    RawSocket peer = listener_.Accept();
    peer.ReadUntil("\r\n\r\n");
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kBytes) + "\r\n\r\n");
    const std::string block(1 << 20, 'x');
    for (std::size_t sent = 0; sent < kBytes; sent += block.size()) peer.Send(block);
  });
  Request request = Get();
  request.timeout = 60s;
  request.max_response_bytes = kBytes;
  const std::size_t before = ResidentBytes();
  std::size_t highest = before;
  std::size_t received = 0;
  const auto result = client_->Stream(request, [&](std::string_view piece) {
    // A consumer that is slower than the network.
    if (received >> 24 != (received + piece.size()) >> 24) std::this_thread::sleep_for(20ms);
    received += piece.size();
    highest = std::max(highest, ResidentBytes());
    return OkStatus();
  });
  ASSERT_TRUE(result.ok()) << result.error().ToString();
  EXPECT_EQ(received, kBytes);
  EXPECT_TRUE(result->body.empty());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // Sanitizers keep what was freed.
  EXPECT_LT(highest - before, std::size_t{16} << 20);
#endif
}

TEST_F(HttpClientTest, EndsAStreamWhenTheConsumerFails) {
  std::jthread server([&] {
    RawSocket peer = listener_.Accept();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    while (peer.Send(std::string(100'000, 'x'))) {
    }
  });
  const auto result =
      client_->Stream(Get(), [](std::string_view) -> Status { return DataLossError("not what I wanted"); });
  ExpectError(result, ErrorCode::kDataLoss);
}

TEST_F(HttpClientTest, KeepsTheBodyOfAnErrorFromTheConsumer) {
  std::jthread server([&] {
    RawSocket peer = listener_.Accept();
    peer.ReadUntil("\r\n\r\n");
    peer.Send("HTTP/1.1 404 Not Found\r\nContent-Length: 8\r\n\r\nNotReady");
  });
  const auto result =
      client_->Stream(Get(), [](std::string_view) -> Status { return InternalError("must not be called"); });
  ASSERT_TRUE(result.ok()) << result.error().ToString();
  EXPECT_EQ(result->status, 404);
  EXPECT_EQ(result->body, "NotReady");
}

TEST_F(HttpClientTest, IsDestroyedWhileTheLibraryStillWorksOnACallThatWasGivenUp) {
  Request request = Get();
  request.timeout = 20ms;
  ExpectError(client_->Send(request), ErrorCode::kDeadlineExceeded);
  const auto start = std::chrono::steady_clock::now();
  client_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
}

class ClientAgainstServerTest : public testing::Test {
 protected:
  ClientAgainstServerTest() {
    auto server = HttpServer::Start({.threads = 2}, [](ServerRequest request, const Responder& responder) {
      responder.Respond({.headers = {{"X-Method", request.method}}, .body = std::move(request.body)});
    });
    EXPECT_TRUE(server.ok());
    server_ = std::move(*server);
  }

  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }

  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<HttpClient> client_ = MakeCpprestClient();
};

TEST_F(ClientAgainstServerTest, ExchangesManyRequestsOnManyThreads) {
  std::vector<std::jthread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string body = std::to_string(t) + "/" + std::to_string(i);
        const auto answer = client_->Send({.method = "POST", .url = Url("/echo"), .body = body});
        if (answer.ok() && answer->status == 200 && answer->body == body) ++right;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 800);
}

TEST_F(ClientAgainstServerTest, CarriesLargeBodiesBothWays) {
  const std::string body(1 << 20, 'b');
  const auto answer = client_->Send({.method = "POST", .url = Url("/echo"), .body = body});
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_EQ(answer->body, body);
}

TEST_F(ClientAgainstServerTest, SurvivesCancelsAtAnyMoment) {
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        Cancellation cancellation;
        std::jthread canceller([&] {
          std::this_thread::sleep_for(std::chrono::microseconds((i * 37 + t * 11) % 1500));
          cancellation.Cancel();
        });
        const auto answer =
            client_->Send({.method = "POST", .url = Url("/echo"), .body = std::string(50'000, 'x')}, &cancellation);
        if (answer.ok() ? answer->body.size() != 50'000 : answer.error().code() != ErrorCode::kCancelled) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(client_->Send({.url = Url("/")}).ok());
}

TEST_F(ClientAgainstServerTest, AsksForTheHeadAlone) {
  const auto answer = client_->Send({.method = "HEAD", .url = Url("/echo")});
  ASSERT_TRUE(answer.ok()) << answer.error().ToString();
  EXPECT_EQ(answer->headers.Get("X-Method"), "GET");
}

TEST_F(ClientAgainstServerTest, SpeaksWithMoreOriginsThanItKeeps) {
  client_ = MakeCpprestClient({.max_origins = 2});
  std::vector<std::unique_ptr<HttpServer>> servers;
  for (int i = 0; i < 5; ++i) {
    servers.push_back(*HttpServer::Start(
        {}, [i](const ServerRequest&, const Responder& responder) { responder.Respond({.body = std::to_string(i)}); }));
  }
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const auto answer = client_->Send({.url = "http://127.0.0.1:" + std::to_string(servers[i]->port())});
      ASSERT_TRUE(answer.ok()) << answer.error().ToString();
      EXPECT_EQ(answer->body, std::to_string(i));
    }
  }
}

}  // namespace
}  // namespace eoa::net
