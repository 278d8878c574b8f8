// The listening socket of a world's store: opened by the agent before it joins, so that its port is known to the broker
// before anybody knows who holds world rank 0, and inherited by that worker.
#pragma once

#include <string>

#include "common/base/descriptor.h"
#include "common/base/result.h"

namespace eoa::agent {

// Thread-safety: one owner.
class StoreSocket {
 public:
  // Listens on any free port of `address` (an IP).
  static Result<StoreSocket> Listen(const std::string& address);

  int descriptor() const { return descriptor_.get(); }
  int port() const { return port_; }

 private:
  StoreSocket() = default;
  Descriptor descriptor_;
  int port_ = 0;
};

}  // namespace eoa::agent
