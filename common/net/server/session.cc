#include "common/net/server/session.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <vector>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "common/base/descriptor.h"
#include "common/base/log.h"
#include "common/net/server/response_head.h"

namespace eoa::net {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr asio::use_awaitable_t<Executor> kAwait;
constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;

// How much of a refused request is read before the connection is closed. Closing with unread input resets the
// connection, and the peer would lose the answer.
constexpr std::size_t kDrainBytes = std::size_t{1} << 20;
constexpr auto kDrainTime = std::chrono::seconds(1);

ServerResponse Stopping() { return ServerProblem(503, Refusal::kUnavailable, "the server is stopping"); }

struct OpenFile {
  Descriptor descriptor;
  std::uint64_t size = 0;
};

// Nothing, or the answer to give in place of the file.
std::optional<ServerResponse> Open(const std::string& path, OpenFile& file) {
  // Non-blocking, so that a pipe in the file's place cannot hold the thread.
  file.descriptor = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.descriptor.valid() && (errno == ENOENT || errno == ENOTDIR)) {
    return ServerProblem(404, Refusal::kNotFound, "the file is not there");
  }
  struct stat info {};
  if (!file.descriptor.valid() || ::fstat(file.descriptor.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    Log(LogLevel::kError, "file to serve cannot be read", {{"file", path}});
    return ServerProblem(500, Refusal::kInternal, "the file cannot be read");
  }
  file.size = static_cast<std::uint64_t>(info.st_size);
  return std::nullopt;
}

}  // namespace

Session::Session(Stream stream, const std::string& peer, ServerState& server, Worker& worker)
    : stream_(std::move(stream)),
      server_(server),
      worker_(worker),
      reader_(stream_, peer, server),
      answer_timer_(worker.context) {}

Session::~Session() { worker_.sessions.erase(this); }

Awaitable<void> Session::Run() {
  worker_.sessions.insert(this);
  ErrorCode ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  bool more = true;
  while (more && !worker_.stopping) more = co_await ServeOne();
  co_await DrainAndClose();
}

Awaitable<void> Session::Refuse() {
  co_await Write(ServerProblem(503, Refusal::kUnavailable, "too many connections"), false, false);
  co_await DrainAndClose();
}

Awaitable<bool> Session::ServeOne() {
  phase_ = Phase::kReading;
  Incoming incoming = co_await reader_.Next();
  if (incoming.fault) {
    co_await Write(*std::move(incoming.fault), false, false);
    co_return false;
  }
  if (!incoming.request) co_return false;
  ++server_.requests;
  ServerResponse response = co_await Handle(*std::move(incoming.request));
  if (peer_left_) co_return false;
  const bool keep_alive = incoming.keep_alive && !worker_.stopping;
  const bool written = co_await Write(std::move(response), keep_alive, incoming.head_only);
  co_return (written && keep_alive);
}

Awaitable<ServerResponse> Session::Handle(ServerRequest request) {
  phase_ = Phase::kAwaitingAnswer;
  answer_.reset();
  ++number_;
  {
    Responder responder(std::make_shared<Responder::Connection>(worker_.mailbox, weak_from_this(), number_));
    try {
      server_.handler(std::move(request), responder);
    } catch (const std::exception& error) {
      Log(LogLevel::kError, "request handler threw", {{"error", error.what()}});
      responder.Respond(ServerProblem(500, Refusal::kInternal, "the request could not be handled"));
    }
  }
  if (!answer_ && !worker_.stopping) {
    WatchForDeparture();
    answer_timer_.expires_after(server_.options.response_deadline);
    ErrorCode ended;
    co_await answer_timer_.async_wait(asio::redirect_error(kAwait, ended));
    ErrorCode ignored;
    stream_.socket().cancel(ignored);  // the watch
  }
  phase_ = Phase::kWriting;
  if (answer_) co_return *std::move(answer_);
  if (!worker_.stopping && !peer_left_) ++server_.timed_out;
  co_return worker_.stopping ? Stopping() : ServerProblem(503, Refusal::kUnavailable, "no answer in time");
}

void Session::Deliver(std::uint64_t number, ServerResponse response) {
  if (number != number_ || phase_ != Phase::kAwaitingAnswer || answer_) return;
  answer_ = std::move(response);
  answer_timer_.cancel();
}

void Session::BeginStop() {
  if (phase_ == Phase::kReading) stream_.close();
  if (phase_ == Phase::kAwaitingAnswer) answer_timer_.cancel();
}

void Session::WatchForDeparture() {
  stream_.socket().async_wait(
      asio::ip::tcp::socket::wait_read, [self = shared_from_this(), number = number_](const ErrorCode& error) {
        if (error || self->number_ != number || self->phase_ != Phase::kAwaitingAnswer) return;
        char next = 0;
        const ssize_t got = ::recv(self->stream_.socket().native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
        // A next request, sent ahead, keeps the socket readable; from then on only the deadline ends the wait.
        if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
        self->peer_left_ = true;
        self->answer_timer_.cancel();
      });
}

Awaitable<bool> Session::Write(ServerResponse response, bool keep_alive, bool head_only) {
  phase_ = Phase::kWriting;
  OpenFile file;
  if (!response.file.empty()) {
    if (auto problem = Open(response.file, file)) response = *std::move(problem);
  }
  std::uint64_t length = response.file.empty() ? response.body.size() : file.size;
  Result<std::string> head = ResponseHead(response, length, keep_alive);
  if (!head.ok()) {
    Log(LogLevel::kError, "response cannot be sent", {{"error", head.error().message()}});
    response = ServerProblem(500, Refusal::kInternal, "the answer could not be sent");
    length = response.body.size();
    head = ResponseHead(response, length, keep_alive);
  }
  if (head_only || HasNoBody(response.status)) length = 0;
  if (!response.file.empty() && length > 0)
    co_return co_await WriteFile(*std::move(head), file.descriptor.get(), length);

  std::string_view rest = std::string_view(response.body).substr(0, length);
  std::string_view start = *head;
  do {
    const std::string_view piece = rest.substr(0, kPieceBytes);
    const bool written = co_await WritePiece(start, piece);
    if (!written) co_return false;
    start = {};
    rest.remove_prefix(piece.size());
  } while (!rest.empty());
  co_return true;
}

Awaitable<bool> Session::WriteFile(std::string head, int descriptor, std::uint64_t size) {
  std::vector<char> block(kPieceBytes);
  for (std::uint64_t sent = 0; sent < size;) {
    const std::size_t wanted = std::min<std::uint64_t>(block.size(), size - sent);
    const ssize_t got = ::pread(descriptor, block.data(), wanted, static_cast<off_t>(sent));
    if (got < 0 && errno == EINTR) continue;
    // The length is promised already: only the connection's end can tell the peer.
    if (got <= 0) co_return false;
    const bool written = co_await WritePiece(head, std::string_view(block.data(), static_cast<std::size_t>(got)));
    if (!written) co_return false;
    head.clear();
    sent += static_cast<std::uint64_t>(got);
  }
  co_return true;
}

Awaitable<bool> Session::WritePiece(std::string_view head, std::string_view piece) {
  stream_.expires_after(server_.options.write_timeout);
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head), asio::buffer(piece)};
  ErrorCode error;
  co_await asio::async_write(stream_, buffers, asio::redirect_error(kAwait, error));
  stream_.expires_never();
  if (error == boost::beast::error::timeout) ++server_.timed_out;
  co_return !error;
}

Awaitable<void> Session::DrainAndClose() {
  ErrorCode error;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
  std::array<char, 4096> block;
  stream_.expires_after(kDrainTime);
  for (std::size_t drained = 0; !error && !worker_.stopping && drained < kDrainBytes;) {
    drained += co_await stream_.async_read_some(asio::buffer(block), asio::redirect_error(kAwait, error));
  }
  stream_.close();
}

}  // namespace eoa::net
