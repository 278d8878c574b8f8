// Transfer: one HTTP exchange, between the thread that asked for it and the library's thread.
//
// The library's thread writes the answer into it and never blocks; the caller's thread takes it out. When the caller
// lags more than kMaxBuffered behind, the library's write stays pending, the socket is not read, and TCP slows the
// sender down. When the caller gives up, the exchange is cancelled and everything that arrives later is dropped; the
// transfer lives on until the library lets go of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <cpprest/http_client.h>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/http_message.h"

namespace eoa::net {

// Counts the exchanges that the library still works on, also those nobody waits for any more.
class InFlight {
 public:
  void Begin();
  void End();
  // False when some are left after `patience`.
  bool WaitForNone(Duration patience);

 private:
  Mutex mutex_;
  CondVar none_;
  int count_ GUARDED_BY(mutex_) = 0;
};

// Why an exchange failed; see common/net/http_client.h for the codes.
struct Failure {
  Error error;
  bool in_request = false;  // the connection broke before the request was written whole
};

// Thread-safety: every method from any thread; Next() from one.
class Transfer : public std::enable_shared_from_this<Transfer> {
 public:
  static constexpr std::size_t kMaxBuffered = std::size_t{256} * 1024;

  // What the caller sees next. A piece comes only after the header.
  struct Event {
    std::optional<Response> header;  // without body
    std::string piece;
    bool done = false;
    std::optional<Failure> failure;
  };

  // `origin` is for messages.
  explicit Transfer(std::string origin) : origin_(std::move(origin)) {}

  // Starts the exchange on the library's thread.
  void Start(web::http::client::http_client& client, web::http::http_request request,
             std::shared_ptr<InFlight> in_flight);

  // Waits for something new. DeadlineExceeded or Cancelled end the exchange.
  Result<Event> Next(SteadyTime deadline);

  // Wakes Next(), which then returns Cancelled.
  void Cancel();

  // The caller does not want the rest.
  void GiveUp();

  // For the library's thread: the task is done when there is room again, with `size`, or with an exception after
  // GiveUp().
  pplx::task<std::size_t> Write(const std::uint8_t* data, std::size_t size);

 private:
  void SetHeader(const web::http::http_response& response);
  void Finish(const pplx::task<web::http::http_response>& last);

  const std::string origin_;
  pplx::cancellation_token_source token_;
  Mutex mutex_;
  CondVar changed_;
  std::optional<Response> header_ GUARDED_BY(mutex_);
  bool header_seen_ GUARDED_BY(mutex_) = false;
  std::string buffered_ GUARDED_BY(mutex_);
  std::optional<pplx::task_completion_event<std::size_t>> blocked_ GUARDED_BY(mutex_);
  std::size_t blocked_size_ GUARDED_BY(mutex_) = 0;
  bool done_ GUARDED_BY(mutex_) = false;
  bool cancelled_ GUARDED_BY(mutex_) = false;
  bool given_up_ GUARDED_BY(mutex_) = false;
  std::optional<Failure> failure_ GUARDED_BY(mutex_);
};

}  // namespace eoa::net
