// PeerLedger: how much of a server each address uses, so that none can use it all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "common/base/mutex.h"

namespace eoa::net {

struct PeerLimits {
  std::size_t connections = 0;     // of one address; 0: any number
  std::size_t buffered_bytes = 0;  // likewise
};

// Thread-safety: every method from any thread. Memory: one entry for each address that is connected.
class PeerLedger {
 public:
  explicit PeerLedger(PeerLimits limits) : limits_(limits) {}

  // False, and nothing is counted: it would be over the limit.
  bool AddConnection(const std::string& peer);
  void RemoveConnection(const std::string& peer);

  // Likewise.
  bool AddBytes(const std::string& peer, std::uint64_t bytes);
  void RemoveBytes(const std::string& peer, std::uint64_t bytes);

 private:
  struct Use {
    std::uint64_t connections = 0;
    std::uint64_t bytes = 0;  // only of addresses that are connected
  };
  const PeerLimits limits_;
  Mutex mutex_;
  std::unordered_map<std::string, Use> uses_ GUARDED_BY(mutex_);
};

}  // namespace eoa::net
