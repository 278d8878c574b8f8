#include "trainer/agent/store_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

namespace eoa::agent {
namespace {

constexpr int kBacklog = 4096;  // a world's members connect at the same moment

}  // namespace

Result<StoreSocket> StoreSocket::Listen(const std::string& address) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failure = ::getaddrinfo(address.c_str(), "0", &hints, &found); failure != 0) {
    return InvalidArgumentError("'" + address + "' is not an IP address: " + ::gai_strerror(failure));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  StoreSocket store;
  store.descriptor_ = Descriptor(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!store.descriptor_.valid()) return ErrnoError(errno, "socket");
  if (::bind(store.descriptor(), found->ai_addr, found->ai_addrlen) != 0)
    return ErrnoError(errno, "bind to " + address);
  if (::listen(store.descriptor(), kBacklog) != 0) return ErrnoError(errno, "listen on " + address);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(store.descriptor(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return ErrnoError(errno, "getsockname");
  }
  const in_port_t port = bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                                                     : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port;
  store.port_ = ntohs(port);
  return store;
}

}  // namespace eoa::agent
