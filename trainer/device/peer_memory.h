// PeerMemory: memory of one GPU that several processes share, with which members on the same GPU sum their tensors
// without a copy through the host (CUDA's inter-process handles). Each process owns two buffers that all others read in
// turn; each round, all hand over their tensor, and once the GPU has it, each sums all of them, in the order of ranks:
// the same bits everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"

namespace eoa::train {

inline constexpr int kMostPeers = 16;

// Thread-safety: none; one owner.
class PeerMemory {
 public:
  // How the processes talk on the host: all give a text of the same length and get those of all ranks, in order.
  using Gather = std::function<Result<std::vector<std::string>>(const std::string& own)>;

  // Collective: for tensors of at most `bytes`, on the calling thread's present device, which is the same one in all
  // processes. At most kMostPeers ranks. The buffers stay until the process ends, since peers may be reading them.
  static Result<std::unique_ptr<PeerMemory>> Make(int rank, std::int64_t bytes, const Gather& gather);

  virtual ~PeerMemory() = default;

  virtual std::int64_t bytes() const = 0;

  // A round has three parts. First each gives its tensor (contiguous; float32, bfloat16 or float64), or an undefined
  // one to give nothing.
  virtual void Give(const at::Tensor& tensor) = 0;

  // Then, after all processes have done so on the host (a barrier, which the caller provides), waits on the device for
  // all of them,
  virtual void AwaitPeers() = 0;

  // and takes the sum over all ranks, or the tensor of one of them. Each may be called once for a round, or not at all.
  virtual void TakeSum(at::Tensor& tensor) = 0;
  virtual void TakeFrom(int rank, at::Tensor& tensor) = 0;
};

}  // namespace eoa::train
