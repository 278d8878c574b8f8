// The sum of PeerMemory, see there.
#pragma once

#include <cstdint>

#include <c10/core/ScalarType.h>

#include "trainer/device/peer_memory.h"

namespace eoa::train {

struct PeerPointers {
  const void* of_rank[kMostPeers];
  int ranks;
};

// On the current stream: out[i] = the sum over ranks of in[i], added in float32 (float64 for float64).
void LaunchPeerSum(const PeerPointers& in, void* out, std::int64_t count, c10::ScalarType type);

}  // namespace eoa::train
