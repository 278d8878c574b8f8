#include "trainer/device/device.h"

#include <cstring>

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include "common/base/log.h"

namespace eoa::train {
namespace {

std::string Version(int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); }

Error NoDevice(const std::string& why) {
  return Error(ErrorCode::kFailedPrecondition,
               "spec.trainer.device.kind: 'Cuda' needs an NVIDIA GPU, but " + why +
                   "; ask for nvidia.com/gpu in the trainer's resources, or set kind to 'Auto' or 'Cpu'");
}

void SetPrecision(api::Precision precision) {
  const bool fast = precision != api::Precision::kFp32;
  at::globalContext().setAllowTF32CuBLAS(fast);
  at::globalContext().setAllowTF32CuDNN(fast);
}

}  // namespace

Result<c10::Device> UseDevice(const api::DeviceSpec& spec, api::Precision precision, int index) {
  const c10::Device cpu(c10::kCPU);
  if (spec.kind == api::DeviceKind::kCpu) return cpu;
  int driver = 0;
  int runtime = 0;
  int count = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  const cudaError_t found = cudaGetDeviceCount(&count);
  if (found != cudaSuccess || count == 0) {
    const std::string why = driver == 0 ? "no driver is loaded (libcuda.so.1)" : cudaGetErrorString(found);
    cudaGetLastError();
    if (found == cudaErrorInsufficientDriver && driver != 0) {
      return Error(ErrorCode::kFailedPrecondition, "the GPU's driver is for CUDA " + Version(driver) +
                                                       " at most, but this program needs " + Version(runtime) +
                                                       "; update the driver, or set spec.trainer.device.kind to 'Cpu'");
    }
    if (spec.kind == api::DeviceKind::kCuda) return NoDevice(why);
    Log(LogLevel::kInfo, "computing on the CPU", {{"reason", why}});
    return cpu;
  }
  const c10::Device device(c10::kCUDA, static_cast<c10::DeviceIndex>(index % count));
  c10::cuda::set_device(device.index());
  c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index()));
  SetPrecision(precision);
  cudaDeviceProp properties{};
  cudaGetDeviceProperties(&properties, device.index());
  Log(LogLevel::kInfo, "computing on a GPU",
      {{"device", std::to_string(device.index()) + " of " + std::to_string(count)},
       {"name", properties.name},
       {"capability", std::to_string(properties.major) + "." + std::to_string(properties.minor)},
       {"memoryMiB", std::to_string(properties.totalGlobalMem >> 20)},
       {"driverCuda", Version(driver)},
       {"cuda", Version(runtime)}});
  return device;
}

std::string DeviceIdentity(c10::Device device) {
  if (!device.is_cuda()) return {};
  cudaDeviceProp properties{};
  if (cudaGetDeviceProperties(&properties, device.index()) != cudaSuccess) return {};
  return {properties.uuid.bytes, sizeof properties.uuid.bytes};
}

void Synchronize(c10::Device device) {
  if (device.is_cuda()) c10::cuda::getCurrentCUDAStream(device.index()).synchronize();
}

DeviceMemory MemoryOf(c10::Device device) {
  if (!device.is_cuda()) return {};
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.index());
  const auto all = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return {.used_bytes = stats.allocated_bytes[all].current,
          .peak_bytes = stats.allocated_bytes[all].peak,
          .reserved_bytes = stats.reserved_bytes[all].current};
}

at::Tensor Upload(const at::Tensor& tensor, c10::Device device) {
  if (!device.is_cuda()) return tensor.clone();
  // The host allocator gives pinned memory out again only after the copies from it.
  const at::Tensor pinned = at::empty_like(tensor, tensor.options().pinned_memory(true), at::MemoryFormat::Preserve);
  std::memcpy(pinned.mutable_data_ptr(), tensor.const_data_ptr(), tensor.nbytes());
  return pinned.to(device, /*non_blocking=*/true);
}

}  // namespace eoa::train
