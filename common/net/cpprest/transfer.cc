#include "common/net/cpprest/transfer.h"

#include <stdexcept>
#include <utility>

#include <pplx/threadpool.h>

#include "common/net/cpprest/body_buffer.h"

namespace eoa::net {
namespace {

// The library tells the phase of a failure by its text only: its error codes are of mixed categories (end of file reads
// as ENOENT).
Failure Classify(const std::string& origin, std::string_view text) {
  const auto is = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (is("Failed to connect")) return {UnavailableError("cannot connect to " + origin + ": refused or not reachable")};
  if (is("Error resolving") || is("Failed to resolve")) {
    return {UnavailableError("the name of " + origin + " cannot be resolved")};
  }
  if (is("SSL handshake")) return {UnavailableError("no TLS connection with " + origin + ": " + std::string(text))};
  if (is("Failed to write")) {
    return {UnavailableError("the connection to " + origin + " broke while the request was sent"), true};
  }
  if (is("Failed to read HTTP status line"))
    return {UnavailableError(origin + " closed the connection before its answer")};
  if (is("Failed to read") || is("Retrieving message chunk header")) {
    return {UnavailableError(origin + " closed the connection within its answer")};
  }
  if (is("Invalid")) return {DataLossError("the answer of " + origin + " is not HTTP: " + std::string(text))};
  return {UnavailableError("the exchange with " + origin + " failed: " + std::string(text))};
}

Response HeaderOf(const web::http::http_response& response) {
  Response header;
  header.status = response.status_code();
  for (const auto& [name, value] : response.headers()) header.headers.Add(name, value);
  return header;
}

}  // namespace

void InFlight::Begin() {
  const MutexLock lock(mutex_);
  ++count_;
}

void InFlight::End() {
  const MutexLock lock(mutex_);
  --count_;
  none_.NotifyAll();
}

bool InFlight::WaitForNone(Duration patience) {
  MutexLock lock(mutex_);
  return none_.WaitFor(mutex_, patience, [this]() REQUIRES(mutex_) { return count_ == 0; });
}

void Transfer::Start(web::http::client::http_client& client, web::http::http_request request,
                     std::shared_ptr<InFlight> in_flight) {
  const auto self = shared_from_this();
  request.set_response_stream(
      concurrency::streams::ostream(concurrency::streams::streambuf<std::uint8_t>(std::make_shared<BodyBuffer>(self))));
  const pplx::task<web::http::http_response> answer = client.request(request, token_.get_token());
  in_flight->Begin();
  answer
      .then([self](const web::http::http_response& response) {
        self->SetHeader(response);
        return response.content_ready();
      })
      .then([self, in_flight = std::move(in_flight)](const pplx::task<web::http::http_response>& last) {
        self->Finish(last);
        in_flight->End();
      });
}

Result<Transfer::Event> Transfer::Next(SteadyTime deadline) {
  MutexLock lock(mutex_);
  const auto news = [this]() REQUIRES(mutex_) {
    return cancelled_ || done_ || (header_ && (!header_seen_ || !buffered_.empty()));
  };
  const bool in_time = changed_.WaitUntil(mutex_, deadline, news);
  if (cancelled_ || !in_time) {
    lock.Unlock();
    GiveUp();
    if (!in_time) return DeadlineExceededError("no whole answer from " + origin_ + " in time");
    return CancelledError("the request to " + origin_ + " was cancelled");
  }
  Event event;
  if (header_ && !std::exchange(header_seen_, true)) event.header = header_;
  event.piece = std::exchange(buffered_, {});
  event.done = done_;
  event.failure = failure_;
  std::optional<pplx::task_completion_event<std::size_t>> blocked = std::exchange(blocked_, std::nullopt);
  const std::size_t blocked_size = blocked_size_;
  lock.Unlock();
  if (blocked) blocked->set(blocked_size);
  return event;
}

void Transfer::Cancel() {
  const MutexLock lock(mutex_);
  cancelled_ = true;
  changed_.NotifyAll();
}

void Transfer::GiveUp() {
  std::optional<pplx::task_completion_event<std::size_t>> blocked;
  {
    const MutexLock lock(mutex_);
    given_up_ = true;
    buffered_.clear();
    blocked = std::exchange(blocked_, std::nullopt);
    if (done_) return;
  }
  if (blocked) blocked->set_exception(std::make_exception_ptr(std::runtime_error("nobody reads the answer")));
  // On the library's own thread: a cancel from outside may crash it under TLS.
  crossplat::threadpool::shared_instance().service().post([token = token_] { token.cancel(); });
}

pplx::task<std::size_t> Transfer::Write(const std::uint8_t* data, std::size_t size) {
  const MutexLock lock(mutex_);
  if (given_up_) {
    return pplx::task_from_exception<std::size_t>(
        std::make_exception_ptr(std::runtime_error("nobody reads the answer")));
  }
  buffered_.append(reinterpret_cast<const char*>(data), size);
  changed_.NotifyAll();
  if (buffered_.size() <= kMaxBuffered) return pplx::task_from_result(size);
  blocked_size_ = size;
  return pplx::create_task(blocked_.emplace());
}

void Transfer::SetHeader(const web::http::http_response& response) {
  const MutexLock lock(mutex_);
  header_ = HeaderOf(response);
  changed_.NotifyAll();
}

void Transfer::Finish(const pplx::task<web::http::http_response>& last) {
  std::optional<Failure> failure;
  try {
    // Also reads the exception that there may be: the library ends the process over one that nobody looks at.
    last.get();
  } catch (const std::exception& error) {
    failure = Classify(origin_, error.what());
  }
  const MutexLock lock(mutex_);
  done_ = true;
  failure_ = std::move(failure);
  changed_.NotifyAll();
}

}  // namespace eoa::net
