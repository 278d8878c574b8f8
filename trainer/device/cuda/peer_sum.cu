#include <algorithm>

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/BFloat16.h>

#include "trainer/device/cuda/peer_sum.h"

namespace eoa::train {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMostBlocks = 4096;

// 16 bytes of one rank at a time; pointers are so aligned, since each is the beginning of an allocation.
template <typename T, typename Sum, int kVector>
__global__ void PeerSumKernel(PeerPointers in, T* out, std::int64_t count) {
  struct alignas(sizeof(T) * kVector) Pack {
    T values[kVector];
  };
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  const std::int64_t packs = count / kVector;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; i < packs; i += stride) {
    Sum sums[kVector] = {};
    for (int rank = 0; rank < in.ranks; ++rank) {
      const Pack pack = static_cast<const Pack*>(in.of_rank[rank])[i];
      for (int k = 0; k < kVector; ++k) sums[k] += static_cast<Sum>(pack.values[k]);
    }
    for (int k = 0; k < kVector; ++k) out[i * kVector + k] = static_cast<T>(sums[k]);
  }
  for (std::int64_t i = packs * kVector + std::int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count; i += stride) {
    Sum sum = 0;
    for (int rank = 0; rank < in.ranks; ++rank) sum += static_cast<Sum>(static_cast<const T*>(in.of_rank[rank])[i]);
    out[i] = static_cast<T>(sum);
  }
}

template <typename T, typename Sum>
void Launch(const PeerPointers& in, void* out, std::int64_t count) {
  constexpr int kVector = 16 / sizeof(T);
  const std::int64_t blocks = std::clamp<std::int64_t>((count / kVector + kThreads - 1) / kThreads, 1, kMostBlocks);
  PeerSumKernel<T, Sum, kVector><<<static_cast<unsigned>(blocks), kThreads, 0, c10::cuda::getCurrentCUDAStream()>>>(
      in, static_cast<T*>(out), count);
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace

void LaunchPeerSum(const PeerPointers& in, void* out, std::int64_t count, c10::ScalarType type) {
  switch (type) {
    case c10::kFloat:
      return Launch<float, float>(in, out, count);
    case c10::kBFloat16:
      return Launch<c10::BFloat16, float>(in, out, count);
    case c10::kDouble:
      return Launch<double, double>(in, out, count);
    default:
      TORCH_CHECK(false, "summing tensors of type ", type, " over peers");
  }
}

}  // namespace eoa::train
