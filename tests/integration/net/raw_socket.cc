#include "tests/integration/net/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include <gtest/gtest.h>

namespace eoa::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool Readable(int descriptor, std::chrono::milliseconds wait) {
  pollfd entry{descriptor, POLLIN, 0};
  return ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(wait.count(), 0))) > 0;
}

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

RawSocket RawSocket::ConnectTo(std::uint16_t port, const char* from) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own = Loopback(0);
  EXPECT_EQ(::inet_pton(AF_INET, from, &own.sin_addr), 1);
  EXPECT_EQ(::bind(descriptor, reinterpret_cast<const sockaddr*>(&own), sizeof(own)), 0);
  const sockaddr_in address = Loopback(port);
  EXPECT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return RawSocket(descriptor);
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), ahead_(std::move(other.ahead_)) {}

RawSocket& RawSocket::operator=(RawSocket&& other) noexcept {
  Close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  ahead_ = std::move(other.ahead_);
  return *this;
}

RawSocket::~RawSocket() { Close(); }

bool RawSocket::Send(std::string_view data) {
  const auto deadline = SteadyClock::now() + kPatience;
  while (!data.empty()) {
    const ssize_t sent = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      data.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return false;
    pollfd entry{descriptor_, POLLOUT, 0};
    ::poll(&entry, 1, 100);
    if (SteadyClock::now() > deadline) return false;
  }
  return true;
}

bool RawSocket::WaitReadable(SteadyClock::time_point deadline) const {
  return Readable(descriptor_, std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()));
}

std::string RawSocket::ReadUntil(std::string_view end, std::size_t most) {
  const auto deadline = SteadyClock::now() + kPatience;
  std::string data = std::exchange(ahead_, {});
  std::array<char, 65536> block;
  while (data.size() < most && (end.empty() || data.find(end) == std::string::npos)) {
    if (!WaitReadable(deadline)) {
      ADD_FAILURE() << "the peer sent nothing more within the patience; so far " << data.size() << " bytes";
      break;
    }
    const ssize_t got = ::recv(descriptor_, block.data(), std::min(block.size(), most - data.size()), 0);
    if (got <= 0) break;
    data.append(block.data(), static_cast<std::size_t>(got));
  }
  return data;
}

std::string RawSocket::ReadAll() { return ReadUntil({}); }

std::string RawSocket::ReadAnswer() {
  constexpr std::string_view kLength = "Content-Length: ";
  std::string answer = ReadUntil("\r\n\r\n");
  const auto head = answer.find("\r\n\r\n");
  const auto length_at = answer.find(kLength);
  if (head == std::string::npos || length_at == std::string::npos) return answer;
  const std::size_t total = head + 4 + std::stoul(answer.substr(length_at + kLength.size()));
  ahead_ = std::move(answer);
  answer = ReadUntil({}, std::max(total, ahead_.size()));
  if (answer.size() > total) {
    ahead_ = answer.substr(total);
    answer.resize(total);
  }
  return answer;
}

bool RawSocket::ClosedWithin(std::chrono::milliseconds wait) {
  const auto deadline = SteadyClock::now() + wait;
  std::array<char, 65536> block;
  while (WaitReadable(deadline)) {
    if (::recv(descriptor_, block.data(), block.size(), 0) <= 0) return true;
  }
  return false;
}

void RawSocket::ShutdownSend() { ::shutdown(descriptor_, SHUT_WR); }

void RawSocket::Close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void RawSocket::Reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

RawListener::RawListener() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(descriptor_, 128), 0);
  EXPECT_EQ(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() { ::close(descriptor_); }

bool RawListener::HasConnection(std::chrono::milliseconds wait) const { return Readable(descriptor_, wait); }

RawSocket RawListener::Accept() {
  EXPECT_TRUE(HasConnection(kPatience)) << "nobody connects";
  return RawSocket(::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC));
}

}  // namespace eoa::net
