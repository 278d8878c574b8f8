#include "trainer/device/device.h"

namespace eoa::train {

Result<c10::Device> UseDevice(const api::DeviceSpec& spec, api::Precision /*precision*/, int /*index*/) {
  if (spec.kind != api::DeviceKind::kCuda) return c10::Device(c10::kCPU);
  return InvalidArgumentError(
      "spec.trainer.device.kind: 'Cuda' is not possible with this eoa-trainer-worker, which was built without CUDA; "
      "use the "
      "image eoa-trainer:*-cuda or build with `cmake --preset cuda`, or take 'Auto' or 'Cpu'");
}

std::string DeviceIdentity(c10::Device /*device*/) { return {}; }
void Synchronize(c10::Device /*device*/) {}
DeviceMemory MemoryOf(c10::Device /*device*/) { return {}; }
at::Tensor Upload(const at::Tensor& tensor, c10::Device /*device*/) { return tensor.clone(); }

}  // namespace eoa::train
