// The c10d backend that sends CUDA tensors over NCCL.
#pragma once

#include <chrono>
#include <string>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "common/base/result.h"

namespace eoa::train {

// To be called before the first backend is made. FailedPrecondition when the loaded NCCL is older than that which the
// program was compiled for, whose options it would not understand. NCCL's watchdog then ends the process when a
// collective takes longer than its group's timeout, after a moment in which the last collectives of all ranks are
// written to DIRECTORY/nccl-trace-RANK, for the analysis of what hung. What the environment sets already (TORCH_NCCL_*)
// stays.
Status ConfigureNccl(const std::string& directory);

struct NcclOptions {
  std::string group;
  int rank = 0;
  int size = 0;
  std::chrono::seconds timeout{};
};

// LibTorch's exceptions pass through. Unimplemented in a program without CUDA.
Result<c10::intrusive_ptr<c10d::Backend>> MakeNcclBackend(const c10::intrusive_ptr<c10d::Store>& store,
                                                          const NcclOptions& options);

// Whether NCCL lets several ranks share a GPU: version 2.30 and NCCL_MULTI_RANK_GPU_ENABLE=1.
bool NcclSharesDevices();

}  // namespace eoa::train
