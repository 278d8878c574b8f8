#include "common/net/http_server.h"
#include "common/base/mutex.h"

#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include "common/net/server/session.h"
#include "common/net/server/worker.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/base/log.h"

namespace eoa::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
using Socket = asio::basic_stream_socket<tcp, Executor>;

constexpr asio::use_awaitable_t<Executor> kAwait;

// Connections above the cap that are being told so; above this too they are closed without a word.
constexpr std::uint64_t kMaxRefusing = 64;
// While no descriptor is left, accept fails at once; retrying faster would only burn the processor.
constexpr auto kAcceptRetry = std::chrono::milliseconds(50);
// For answers that are being written when the server stops.
constexpr auto kStopGrace = std::chrono::seconds(2);

// Descriptors for everything else in the process.
constexpr std::size_t kOtherDescriptors = 256;

// Many systems allow 1024 open files unless a program asks for more.
void AllowDescriptors(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min<rlim_t>(connections + kOtherDescriptors, limit.rlim_max);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    Log(LogLevel::kWarning, "the limit of open files cannot be raised", {{"wanted", std::to_string(wanted)}});
  }
}

class BeastServer final : public HttpServer {
 public:
  BeastServer(const HttpServerOptions& options, Handler handler) : state_(options) {
    state_.handler = std::move(handler);
    for (int i = 0; i < options.threads; ++i) workers_.push_back(std::make_unique<Worker>());
    acceptor_ = std::make_unique<Acceptor>(workers_[0]->context);
  }

  Status Listen() {
    ErrorCode error;
    const auto address = asio::ip::make_address(state_.options.address, error);
    if (error) return InvalidArgumentError("'" + state_.options.address + "' is not an IP address");
    const tcp::endpoint endpoint(address, state_.options.port);
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_->local_endpoint(error).port();
    if (!error) return OkStatus();
    return ErrnoError(error.value(),
                      "listening on " + state_.options.address + ":" + std::to_string(state_.options.port));
  }

  void Run() {
    asio::co_spawn(workers_[0]->context, Accept(), [](const std::exception_ptr& error) { LogFailure(error); });
    for (const auto& worker : workers_) {
      worker->thread = std::thread([context = &worker->context] {
        const auto work = asio::make_work_guard(*context);
        context->run();
      });
    }
  }

  ~BeastServer() override {
    for (const auto& worker : workers_) {
      asio::post(worker->context, [this, worker = worker.get()] {
        worker->stopping = true;
        if (worker == workers_[0].get()) acceptor_->close();
        for (Session* session : worker->sessions) session->BeginStop();
      });
    }
    {
      MutexLock lock(mutex_);
      ended_.WaitFor(mutex_, kStopGrace, [this]() REQUIRES(mutex_) { return state_.connections_open == 0; });
    }
    for (const auto& worker : workers_) {
      worker->context.stop();
      if (worker->thread.joinable()) worker->thread.join();
    }
    for (const auto& worker : workers_) worker->mailbox->Close();
    acceptor_.reset();
    workers_.clear();
  }

  std::uint16_t port() const override { return port_; }

  HttpServerStats stats() const override {
    return {.requests = state_.requests,
            .connections_open = state_.connections_open,
            .connections_refused = state_.connections_refused,
            .malformed = state_.malformed,
            .timed_out = state_.timed_out,
            .too_large = state_.too_large,
            .buffered_bytes = state_.buffered_bytes};
  }

  void RunAfter(Duration delay, std::function<void()> task) override {
    asio::io_context& context = workers_[0]->context;
    if (delay <= Duration::zero()) {
      asio::post(context, std::move(task));
      return;
    }
    auto timer = std::make_shared<Timer>(context, std::chrono::duration_cast<Timer::duration>(delay));
    timer->async_wait([timer, task = std::move(task)](const ErrorCode& error) {
      if (!error) task();
    });
  }

 private:
  static std::string PeerOf(const Socket& socket) {
    ErrorCode error;
    const auto endpoint = socket.remote_endpoint(error);
    return error ? "" : endpoint.address().to_string();
  }

  static void LogFailure(const std::exception_ptr& failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      Log(LogLevel::kError, "connection ended by an exception", {{"error", error.what()}});
    }
  }

  Awaitable<void> Accept() {
    Timer pause(workers_[0]->context);
    bool failing = false;
    for (std::size_t next = 0;; ++next) {
      Worker& worker = *workers_[next % workers_.size()];
      Socket socket(worker.context);
      ErrorCode error;
      co_await acceptor_->async_accept(socket, asio::redirect_error(kAwait, error));
      if (!acceptor_->is_open()) co_return;
      if (!error) {
        failing = false;
        Admit(worker, std::move(socket));
        continue;
      }
      if (error == asio::error::connection_aborted) continue;
      if (!failing) Log(LogLevel::kWarning, "connections cannot be accepted", {{"error", error.message()}});
      failing = true;
      pause.expires_after(kAcceptRetry);
      co_await pause.async_wait(asio::redirect_error(kAwait, error));
    }
  }

  void Admit(Worker& worker, Socket socket) {
    const std::string peer = PeerOf(socket);
    bool refused = state_.connections_open >= state_.options.max_connections;
    refused = refused || !state_.peers.AddConnection(peer);
    if (refused) ++state_.connections_refused;
    if (refused && refusing_ >= kMaxRefusing) return;
    ++(refused ? refusing_ : state_.connections_open);
    const auto session = std::make_shared<Session>(Stream(std::move(socket)), peer, state_, worker);
    asio::co_spawn(worker.context, refused ? session->Refuse() : session->Run(),
                   [this, session, peer, refused](const std::exception_ptr& error) {
                     LogFailure(error);
                     if (!refused) state_.peers.RemoveConnection(peer);
                     // Under the lock, so that the destructor cannot miss the last one.
                     const MutexLock lock(mutex_);
                     --(refused ? refusing_ : state_.connections_open);
                     ended_.NotifyAll();
                   });
  }

  ServerState state_;
  std::atomic<std::uint64_t> refusing_{0};
  std::uint16_t port_ = 0;
  Mutex mutex_;
  CondVar ended_;  // a session ended
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Acceptor> acceptor_;  // on the first worker
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options, Handler handler) {
  if (options.threads < 1) return InvalidArgumentError("an HTTP server needs at least one thread");
  AllowDescriptors(options.max_connections);
  auto server = std::make_unique<BeastServer>(options, std::move(handler));
  EOA_RETURN_IF_ERROR(server->Listen());
  server->Run();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace eoa::net
