// The GradientReducer over a c10d process group: c10d's Reducer, the machinery of PyTorch's DistributedDataParallel.
// Gradients are collected in buckets in the order in which backward makes them, and a full bucket is sent while
// backward goes on.
#pragma once

#include <memory>
#include <vector>

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include "trainer/comm/comm.h"

namespace eoa::train {

// Collective. Leaves every gradient zero, as a view into its bucket. waited() is by the machine's clock: for metrics.
Result<std::unique_ptr<GradientReducer>> MakeOverlappedReducer(c10::intrusive_ptr<c10d::ProcessGroup> group,
                                                               std::vector<at::Tensor> parameters);

}  // namespace eoa::train
