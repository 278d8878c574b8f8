// Meeting: the processes of one attempt, meeting at a store and grouped into Comms (c10d's TCPStore, ProcessGroup and
// Reducer).
//
// The member of world rank 0 serves the store on a socket that it inherited bound and listening, so that no port can be
// taken in between and early peers wait in the socket's queue. Keys carry the attempt: nobody of an older attempt can
// meet this one.
//
// Tensors on the CPU travel over Gloo. Those on GPUs by what the job asks for; Auto takes the first that can serve the
// group: NCCL, when no two members have the same GPU (or NCCL itself lets them share one, nccl_backend.h); shared
// memory of the GPU (trainer/device/peer_memory.h), when all have the same one; Gloo, through the host. The choice and
// its reason are logged. Thread-safety: none; one owner thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <c10/core/Device.h>

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/comm/comm.h"

namespace eoa::train {

struct MeetingOptions {
  std::string store_host;  // where world rank 0 listens
  int store_port = 0;
  int store_descriptor = -1;  // world rank 0 only: the listening socket; owned by the meeting from now on
  int rank = 0;               // within the world
  int size = 0;               // of the world, at least 2
  int attempt = 0;
  std::chrono::seconds timeout{};  // of meeting, and of each collective
  c10::Device device = c10::Device(c10::kCPU);
  api::Communication communication = api::Communication::kAuto;  // of tensors on GPUs
};

class Meeting {
 public:
  virtual ~Meeting() = default;

  // Returns once all members of the world have met. Unavailable when they have not within the timeout.
  static Result<std::unique_ptr<Meeting>> Join(const MeetingOptions& options);

  // A group of `size` members, of whom this is `rank`; each of them calls this with the same name. Peers connect to
  // each other over the interface on which this one reaches the store. The meeting must outlive the group.
  // FailedPrecondition when these GPUs cannot communicate in the way that the job asks for.
  virtual Result<std::unique_ptr<Comm>> MakeGroup(const std::string& name, int rank, int size) = 0;
};

// Whether tensors on GPUs go over NCCL, shared memory or Gloo; `devices` are the members' DeviceIdentity()s. Pure.
struct ChosenCommunication {
  api::Communication by = api::Communication::kGloo;  // never Auto
  std::string why;
};
Result<ChosenCommunication> ChooseCommunication(api::Communication asked, const std::vector<std::string>& devices,
                                                bool nccl_shares_devices);

}  // namespace eoa::train
