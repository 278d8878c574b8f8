#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

#include "trainer/device/augment_kernel.h"

namespace eoa::train {
namespace {

constexpr int kThreads = 256;

__global__ void MakeBatchKernel(BatchArrays arrays, std::int64_t values) {
  const std::int64_t index = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (index < values) arrays.out[index] = ValueOf(arrays, index);
}

}  // namespace

void LaunchMakeBatch(const BatchArrays& arrays, c10::Device device) {
  const std::int64_t values = arrays.count * arrays.size * arrays.size * 3;
  const auto blocks = static_cast<unsigned>((values + kThreads - 1) / kThreads);
  MakeBatchKernel<<<blocks, kThreads, 0, c10::cuda::getCurrentCUDAStream(device.index())>>>(arrays, values);
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace eoa::train
