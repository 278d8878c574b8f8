#include "common/net/server/peer_ledger.h"

namespace eoa::net {

bool PeerLedger::AddConnection(const std::string& peer) {
  const MutexLock lock(mutex_);
  Use& use = uses_[peer];
  if (limits_.connections > 0 && use.connections >= limits_.connections) return false;
  ++use.connections;
  return true;
}

void PeerLedger::RemoveConnection(const std::string& peer) {
  const MutexLock lock(mutex_);
  const auto found = uses_.find(peer);
  if (found != uses_.end() && --found->second.connections == 0) uses_.erase(found);
}

bool PeerLedger::AddBytes(const std::string& peer, std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  Use& use = uses_[peer];
  if (limits_.buffered_bytes > 0 && use.bytes + bytes > limits_.buffered_bytes) return false;
  use.bytes += bytes;
  return true;
}

void PeerLedger::RemoveBytes(const std::string& peer, std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  const auto found = uses_.find(peer);
  if (found != uses_.end()) found->second.bytes -= bytes;
}

}  // namespace eoa::net
