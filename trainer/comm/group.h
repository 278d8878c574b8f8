// The Comm over c10d backends: Gloo for tensors on the CPU, and what was chosen for those on GPUs.
#pragma once

#include <memory>

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include "trainer/comm/comm.h"
#include "trainer/device/peer_memory.h"

namespace eoa::train {

struct GroupBackends {
  c10::intrusive_ptr<c10d::ProcessGroup> group;  // what Reducer takes; dispatches to the next two
  c10::intrusive_ptr<c10d::Backend> host;        // tensors on the CPU
  c10::intrusive_ptr<c10d::Backend> device;      // tensors on GPUs; may be `host`
  bool share_memory = false;                     // they go over PeerMemory instead
};

std::unique_ptr<Comm> MakeGroupComm(GroupBackends backends);

}  // namespace eoa::train
