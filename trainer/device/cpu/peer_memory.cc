#include "trainer/device/peer_memory.h"

namespace eoa::train {

Result<std::unique_ptr<PeerMemory>> PeerMemory::Make(int /*rank*/, std::int64_t /*bytes*/, const Gather& /*gather*/) {
  return Error(ErrorCode::kUnimplemented, "this program was built without CUDA");
}

}  // namespace eoa::train
