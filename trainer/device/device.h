// The device that a worker computes on: the CPU, or one GPU.
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "common/job/job.h"

namespace eoa::train {

// Chooses the device that the job asks for and makes it the calling thread's, with a stream of its own, so that work
// can be recorded (recorded_work.h). Of several GPUs, member `index` of the job's members takes number index modulo
// their count. Says in the log what was chosen.
//
// FailedPrecondition, with what to do: no GPU where one is asked for, or a driver too old for this program.
// InvalidArgument: a GPU asked of a program without CUDA.
Result<c10::Device> UseDevice(const api::DeviceSpec& spec, api::Precision precision, int index);

// What tells one GPU from all others, anywhere: its UUID, 16 bytes. Empty for the CPU.
std::string DeviceIdentity(c10::Device device);

// Waits until all that was handed to the device is done.
void Synchronize(c10::Device device);

struct DeviceMemory {
  std::int64_t used_bytes = 0;      // by tensors, now
  std::int64_t peak_bytes = 0;      // at most, since the process began
  std::int64_t reserved_bytes = 0;  // taken from the device, tensors or not
};

// Zero for the CPU.
DeviceMemory MemoryOf(c10::Device device);

// `tensor` (contiguous or channels-last, on the CPU) on the device. The copy runs beside the calling thread; the
// argument may be overwritten at once.
at::Tensor Upload(const at::Tensor& tensor, c10::Device device);

}  // namespace eoa::train
