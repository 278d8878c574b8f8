#include "tests/bench/broker/load_connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace eoa::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int Connect(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (descriptor < 0 || ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    Die("connect");
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

// The size of the whole answer, once its head is there; else 0.
std::size_t AnswerSize(std::string_view received) {
  const std::size_t head = received.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t length = received.find(kLength);
  if (length > head) return 0;
  return head + 4 + std::strtoul(received.data() + length + kLength.size(), nullptr, 10);
}

}  // namespace

LoadConnections::LoadConnections(std::uint16_t port, std::vector<std::string> requests)
    : poller_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (std::string& request : requests) {
    Connection connection;
    connection.descriptor = Connect(port);
    connection.request = std::move(request);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = connections_.size();
    ::epoll_ctl(poller_, EPOLL_CTL_ADD, connection.descriptor, &event);
    connections_.push_back(std::move(connection));
  }
}

LoadConnections::~LoadConnections() {
  for (const Connection& connection : connections_) ::close(connection.descriptor);
  ::close(poller_);
}

void LoadConnections::Send(Connection& connection) {
  connection.received.clear();
  connection.sent = Clock::now();
  connection.waiting = true;
  const auto size = static_cast<ssize_t>(connection.request.size());
  if (::send(connection.descriptor, connection.request.data(), connection.request.size(), MSG_NOSIGNAL) != size) {
    Die("send");
  }
}

bool LoadConnections::Receive(Connection& connection) {
  std::array<char, 4096> piece{};
  const ssize_t got = ::recv(connection.descriptor, piece.data(), piece.size(), 0);
  if (got <= 0) Die("recv");
  connection.received.append(piece.data(), static_cast<std::size_t>(got));
  const std::size_t size = AnswerSize(connection.received);
  if (size == 0 || connection.received.size() < size) return false;
  connection.waiting = false;
  if (!connection.received.starts_with("HTTP/1.1 200")) ++failures_;
  return true;
}

std::vector<double> LoadConnections::Run(std::chrono::nanoseconds duration) {
  std::vector<double> latencies;
  latencies.reserve(1'000'000);
  const auto end = Clock::now() + duration;
  std::array<epoll_event, 256> events{};
  SendAll();
  while (Clock::now() < end) {
    const int count = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u64];
      if (!Receive(connection)) continue;
      latencies.push_back(std::chrono::duration<double>(Clock::now() - connection.sent).count());
      Send(connection);
    }
  }
  ReceiveAll(std::chrono::seconds(5));
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

std::vector<double> LoadConnections::RunAtRate(double per_second, std::chrono::nanoseconds duration) {
  const auto total = static_cast<std::size_t>(per_second * std::chrono::duration<double>(duration).count());
  const auto start = Clock::now();
  const auto give_up = start + duration + std::chrono::seconds(10);
  std::vector<double> latencies;
  latencies.reserve(total);
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < connections_.size(); ++i) free.push_back(i);
  std::vector<Clock::time_point> due(connections_.size());
  std::size_t sent = 0;
  std::array<epoll_event, 256> events{};
  while (latencies.size() < total && Clock::now() < give_up) {
    for (; sent < total && !free.empty(); ++sent) {
      const auto time =
          start + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(sent) / per_second));
      if (time > Clock::now()) break;
      due[free.back()] = time;
      Send(connections_[free.back()]);
      free.pop_back();
    }
    // Polls without waiting: a timer's slack would count as latency.
    const int count = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      const std::size_t index = events[static_cast<std::size_t>(i)].data.u64;
      if (!Receive(connections_[index])) continue;
      latencies.push_back(std::chrono::duration<double>(Clock::now() - due[index]).count());
      free.push_back(index);
    }
  }
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

void LoadConnections::SendAll() {
  for (Connection& connection : connections_) Send(connection);
}

std::size_t LoadConnections::ReceiveAll(std::chrono::nanoseconds limit) {
  const auto end = Clock::now() + limit;
  std::array<epoll_event, 256> events{};
  const auto open = [this] {
    return std::count_if(connections_.begin(), connections_.end(), [](const Connection& each) { return each.waiting; });
  };
  auto waiting = open();
  const auto first = waiting;
  while (waiting > 0 && Clock::now() < end) {
    const int count = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      if (Receive(connections_[events[static_cast<std::size_t>(i)].data.u64])) --waiting;
    }
  }
  return static_cast<std::size_t>(first - waiting);
}

}  // namespace eoa::bench
