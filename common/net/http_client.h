// HttpClient: the only way to send an HTTP request. One of the five seams (docs/architecture.md). The real one is
// common/net/cpprest; nothing else includes cpprestsdk.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/http_message.h"

namespace eoa::net {

struct Request {
  std::string method = "GET";
  std::string url{};  // http://host:port/path?query, or https
  Headers headers{};
  std::string body{};
  Duration timeout = std::chrono::seconds(10);  // absolute: from the call to the last byte of the answer
  Duration silence{};  // longest time without a byte of the answer; zero: `timeout` alone counts
  std::size_t max_response_bytes = std::size_t{64} << 20;
};

// Takes the body of an answer piece by piece; an error it returns ends the transfer and becomes the call's.
using BodySink = std::function<Status(std::string_view piece)>;

// Asks running calls to end early. Thread-safety: Cancel from any thread, any number of times.
class Cancellation {
 public:
  Cancellation();
  ~Cancellation();
  void Cancel();
  bool cancelled() const;

  // Runs `callback` at Cancel (at once if that was before), from the cancelling thread. The returned handle
  // unregisters; a call that Cancel has begun may still end after that, so the callback must own what it touches.
  std::shared_ptr<void> OnCancel(std::function<void()> callback);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Thread-safety: every method may be called from any thread at the same time; calls block the calling thread.
//
// An answer of any status is a value; an Error means there is no (whole) answer:
//   Unavailable       refused, reset, silent, name not resolved: the request may be repeated if it is idempotent
//   DeadlineExceeded  no whole answer in time: the request may have been carried out
//   Cancelled         by the Cancellation
//   ResourceExhausted the answer exceeds max_response_bytes
//   InvalidArgument   the URL or a header cannot be sent
//   DataLoss          the answer is not HTTP
// Redirects are never followed.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  virtual Result<Response> Send(const Request& request, Cancellation* cancellation = nullptr) = 0;

  // As Send, but the body of a 2xx answer goes to `sink` while it arrives and the returned body is empty; memory stays
  // bounded whatever its size. max_response_bytes holds for the sum.
  virtual Result<Response> Stream(const Request& request, const BodySink& sink,
                                  Cancellation* cancellation = nullptr) = 0;
};

}  // namespace eoa::net
