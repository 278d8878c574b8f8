#include "trainer/device/peer_memory.h"

#include <array>
#include <cstring>
#include <utility>

#include <ATen/ops/from_blob.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include "trainer/device/cuda/peer_sum.h"

namespace eoa::train {
namespace {

// A tensor that is written for the next round but one, while slow peers still read that of this round.
constexpr int kTurns = 2;

struct Handles {
  std::array<cudaIpcMemHandle_t, kTurns> memory;
  std::array<cudaIpcEventHandle_t, kTurns> given;
};

struct Peer {
  std::array<void*, kTurns> memory{};
  std::array<cudaEvent_t, kTurns> given{};
};

Status Check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return OkStatus();
  cudaGetLastError();
  return Error(ErrorCode::kUnavailable, std::string(what) + ": " + cudaGetErrorString(error));
}

class RealPeerMemory final : public PeerMemory {
 public:
  RealPeerMemory(int rank, std::int64_t bytes) : rank_(rank), bytes_(bytes) {}

  // The first failure is told to all, so that all give up together.
  Status Share(const Gather& gather) {
    Handles handles{};
    Status status = MakeOwn(handles);
    std::string text(sizeof handles + 1, '\0');
    text[0] = status.ok() ? 1 : 0;
    std::memcpy(text.data() + 1, &handles, sizeof handles);
    EOA_ASSIGN_OR_RETURN(const std::vector<std::string> all, gather(text));
    for (std::size_t rank = 0; rank < all.size() && status.ok(); ++rank) {
      if (all[rank][0] == 0)
        status = Error(ErrorCode::kUnavailable, "rank " + std::to_string(rank) + " cannot share memory");
      if (status.ok()) status = Open(static_cast<int>(rank), all[rank]);
    }
    EOA_ASSIGN_OR_RETURN(const std::vector<std::string> opened, gather(std::string(1, status.ok() ? 1 : 0)));
    for (const std::string& each : opened) {
      if (status.ok() && each[0] == 0) status = Error(ErrorCode::kUnavailable, "a peer cannot open shared memory");
    }
    return status;
  }

  std::int64_t bytes() const override { return bytes_; }

  void Give(const at::Tensor& tensor) override {
    const Peer& own = peers_[static_cast<std::size_t>(rank_)];
    const auto stream = c10::cuda::getCurrentCUDAStream();
    if (tensor.defined()) {
      C10_CUDA_CHECK(cudaMemcpyAsync(own.memory[turn_], tensor.const_data_ptr(), tensor.nbytes(),
                                     cudaMemcpyDeviceToDevice, stream));
    }
    C10_CUDA_CHECK(cudaEventRecord(own.given[turn_], stream));
  }

  void AwaitPeers() override {
    for (std::size_t rank = 0; rank < peers_.size(); ++rank) {
      if (static_cast<int>(rank) == rank_) continue;
      C10_CUDA_CHECK(cudaStreamWaitEvent(c10::cuda::getCurrentCUDAStream(), peers_[rank].given[turn_], 0));
    }
    read_ = turn_;
    turn_ = (turn_ + 1) % kTurns;
  }

  void TakeSum(at::Tensor& tensor) override {
    PeerPointers pointers{};
    pointers.ranks = static_cast<int>(peers_.size());
    for (std::size_t rank = 0; rank < peers_.size(); ++rank) pointers.of_rank[rank] = peers_[rank].memory[read_];
    LaunchPeerSum(pointers, tensor.mutable_data_ptr(), tensor.numel(), tensor.scalar_type());
  }

  void TakeFrom(int rank, at::Tensor& tensor) override {
    C10_CUDA_CHECK(cudaMemcpyAsync(tensor.mutable_data_ptr(), peers_[static_cast<std::size_t>(rank)].memory[read_],
                                   tensor.nbytes(), cudaMemcpyDeviceToDevice, c10::cuda::getCurrentCUDAStream()));
  }

 private:
  Status MakeOwn(Handles& handles) {
    for (std::size_t turn = 0; turn < kTurns; ++turn) {
      EOA_RETURN_IF_ERROR(
          Check(cudaMalloc(&own_.memory[turn], static_cast<std::size_t>(bytes_)), "allocating shared memory"));
      EOA_RETURN_IF_ERROR(Check(cudaIpcGetMemHandle(&handles.memory[turn], own_.memory[turn]), "sharing memory"));
      EOA_RETURN_IF_ERROR(
          Check(cudaEventCreateWithFlags(&own_.given[turn], cudaEventDisableTiming | cudaEventInterprocess),
                "making an event"));
      EOA_RETURN_IF_ERROR(Check(cudaIpcGetEventHandle(&handles.given[turn], own_.given[turn]), "sharing an event"));
    }
    return OkStatus();
  }

  Status Open(int rank, const std::string& text) {
    if (rank == rank_) {
      peers_.push_back(own_);
      return OkStatus();
    }
    Handles handles;
    if (text.size() != sizeof handles + 1) return InternalError("a peer's handles have another size");
    std::memcpy(&handles, text.data() + 1, sizeof handles);
    Peer peer;
    for (std::size_t turn = 0; turn < kTurns; ++turn) {
      EOA_RETURN_IF_ERROR(
          Check(cudaIpcOpenMemHandle(&peer.memory[turn], handles.memory[turn], cudaIpcMemLazyEnablePeerAccess),
                "opening a peer's memory"));
      EOA_RETURN_IF_ERROR(
          Check(cudaIpcOpenEventHandle(&peer.given[turn], handles.given[turn]), "opening a peer's event"));
    }
    peers_.push_back(peer);
    return OkStatus();
  }

  int rank_;
  std::int64_t bytes_;
  Peer own_;
  std::vector<Peer> peers_;
  std::size_t turn_ = 0;
  std::size_t read_ = 0;
};

}  // namespace

Result<std::unique_ptr<PeerMemory>> PeerMemory::Make(int rank, std::int64_t bytes, const Gather& gather) {
  auto memory = std::make_unique<RealPeerMemory>(rank, bytes);
  EOA_RETURN_IF_ERROR(memory->Share(gather));
  return std::unique_ptr<PeerMemory>(std::move(memory));
}

}  // namespace eoa::train
