// What the connections of one server thread share. Only this folder includes it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <utility>

// Boost 1.74's Asio uses std::exchange without including <utility>, so the order matters; and with Clang it looks for
// the coroutines of an experimental header only, though the standard's do.
#if defined(__clang__) && !defined(BOOST_ASIO_HAS_CO_AWAIT)
#define BOOST_ASIO_HAS_CO_AWAIT 1
#define BOOST_ASIO_HAS_STD_COROUTINE 1
#endif
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/mutex.h"
#include "common/net/http_server.h"
#include "common/net/server/peer_ledger.h"

namespace eoa::net {

class Session;

using Executor = boost::asio::io_context::executor_type;

template <typename T>
using Awaitable = boost::asio::awaitable<T, Executor>;

// Of the whole server; outlives every session.
struct ServerState {
  HttpServerOptions options;
  Handler handler;
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::atomic<std::uint64_t> malformed{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> too_large{0};
  std::atomic<std::uint64_t> buffered_bytes{0};  // of bodies that are arriving
  PeerLedger peers;

  explicit ServerState(HttpServerOptions of)
      : options(std::move(of)), peers({options.max_connections_per_peer, options.max_buffered_bytes_per_peer}) {}
};

// Hands work to a worker from any thread, also when the worker is gone: a Responder may outlive its server.
class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& context) : context_(&context) {}

  // Runs `task` on the worker's thread (at once if this is it), or drops it. `task` must not use this mailbox.
  template <typename Task>
  void Dispatch(Task task) {
    const MutexLock lock(mutex_);
    if (context_ != nullptr) boost::asio::dispatch(*context_, std::move(task));
  }

  void Close() {
    const MutexLock lock(mutex_);
    context_ = nullptr;
  }

 private:
  Mutex mutex_;
  boost::asio::io_context* context_ GUARDED_BY(mutex_);
};

struct Worker {
  // Before the context: that one's end destroys the sessions that are left, and they sign off here.
  std::set<Session*> sessions;  // touched on the worker's thread only, as is `stopping`
  bool stopping = false;
  boost::asio::io_context context{1};
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>(context);
  std::thread thread;
};

// One request's right to be answered; see Responder.
class Responder::Connection {
 public:
  Connection(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Session> session, std::uint64_t number);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Answer(ServerResponse response);
  void Observe(std::function<void(int status)> observer) { observer_ = std::move(observer); }

 private:
  const std::shared_ptr<Mailbox> mailbox_;
  const std::weak_ptr<Session> session_;
  const std::uint64_t number_;
  std::function<void(int status)> observer_;  // set before the connection is shared
  std::atomic<bool> answered_{false};
};

}  // namespace eoa::net
