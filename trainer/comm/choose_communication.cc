#include <algorithm>
#include <set>
#include <vector>

#include "trainer/comm/meeting.h"
#include "trainer/device/peer_memory.h"

namespace eoa::train {

Result<ChosenCommunication> ChooseCommunication(api::Communication asked, const std::vector<std::string>& devices,
                                                bool nccl_shares_devices) {
  using api::Communication;
  const std::size_t distinct = std::set<std::string>(devices.begin(), devices.end()).size();
  const bool own_devices = distinct == devices.size();
  const bool nccl = own_devices || nccl_shares_devices;
  const bool peer = distinct == 1 && devices.size() <= static_cast<std::size_t>(kMostPeers);
  const std::string members = std::to_string(devices.size()) + " members have " + std::to_string(distinct) + " GPUs";
  switch (asked) {
    case Communication::kNccl:
      if (nccl) return ChosenCommunication{Communication::kNccl, "the job asks for it"};
      return Error(ErrorCode::kFailedPrecondition,
                   "spec.trainer.device.communication: 'Nccl' needs a GPU for each member, but " + members +
                       "; use 'Auto', give each member a GPU, or use NCCL 2.30 with NCCL_MULTI_RANK_GPU_ENABLE=1");
    case Communication::kPeer:
      if (peer) return ChosenCommunication{Communication::kPeer, "the job asks for it"};
      return Error(ErrorCode::kFailedPrecondition, "spec.trainer.device.communication: 'Peer' is for up to " +
                                                       std::to_string(kMostPeers) + " members on one GPU, but " +
                                                       members + "; use 'Auto'");
    case Communication::kGloo:
      return ChosenCommunication{Communication::kGloo, "the job asks for it"};
    case Communication::kAuto:
      break;
  }
  if (own_devices) return ChosenCommunication{Communication::kNccl, "each member has a GPU of its own"};
  if (nccl) return ChosenCommunication{Communication::kNccl, "NCCL lets members share a GPU"};
  if (peer) return ChosenCommunication{Communication::kPeer, "all members have the same GPU"};
  return ChosenCommunication{Communication::kGloo, members};
}

}  // namespace eoa::train
