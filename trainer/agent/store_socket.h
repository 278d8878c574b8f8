// The listening socket of a world's store: opened by the agent before it joins, so that its port is known to the broker
// before anybody knows who holds world rank 0, and inherited by that worker.
#pragma once

#include <string>

#include "common/base/result.h"

namespace eoa::agent {

// Thread-safety: one owner.
class StoreSocket {
 public:
  // Listens on any free port of `address` (an IP).
  static Result<StoreSocket> Listen(const std::string& address);

  StoreSocket(StoreSocket&& other) noexcept;
  StoreSocket& operator=(StoreSocket&& other) noexcept;
  ~StoreSocket();

  int descriptor() const { return descriptor_; }
  int port() const { return port_; }

 private:
  StoreSocket() = default;
  int descriptor_ = -1;
  int port_ = 0;
};

}  // namespace eoa::agent
