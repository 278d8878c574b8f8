#include "trainer/comm/local_address.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "common/base/descriptor.h"

namespace eoa::train {
namespace {

// A connected datagram socket has a route, and thereby a local address, without a packet being sent.
Result<std::string> LocalAddressTowards(const addrinfo& target) {
  const Descriptor socket(::socket(target.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return ErrnoError(errno, "socket");
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  char text[NI_MAXHOST] = "";
  if (::connect(socket.get(), target.ai_addr, target.ai_addrlen) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&local), &size) != 0) {
    return ErrnoError(errno, "finding a route");
  }
  const int code =
      ::getnameinfo(reinterpret_cast<sockaddr*>(&local), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  if (code != 0) return InternalError(std::string("getnameinfo: ") + ::gai_strerror(code));
  return std::string(text);
}

}  // namespace

Result<std::string> LocalAddressTowards(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) return UnavailableError("'" + host + "' has no address: " + ::gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, &::freeaddrinfo);
  std::string why;
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) {
    Result<std::string> address = LocalAddressTowards(*target);
    if (address.ok()) return address;
    why = address.error().message();
  }
  return UnavailableError("no way to '" + host + "': " + why);
}

}  // namespace eoa::train
