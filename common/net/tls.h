// What a client needs to speak TLS with one server: whom it trusts and who it is. PEM texts in memory, so that they can
// be replaced while the program runs; a new connection takes what is current.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace eoa::net {

struct TlsIdentity {
  std::string authorities{};  // PEM: the only authorities that are trusted; empty: the system's
  std::string certificate{};  // PEM: the client's own, with its chain; empty: none
  std::string key{};          // PEM: of the certificate

  friend bool operator==(const TlsIdentity&, const TlsIdentity&) = default;
};

// Asked for each request and each new connection, on threads that must not block: it hands out what is in memory. Null:
// no connection. As long as it hands out the same object, connections are kept alive.
using TlsSource = std::function<std::shared_ptr<const TlsIdentity>()>;

}  // namespace eoa::net
