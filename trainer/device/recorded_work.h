// RecordedWork: work on the device that is the same each time but for the contents of its tensors. After it has run a
// few times as it is, which makes its libraries choose and allocate, its kernels are recorded and from then on launched
// as one (CUDA graphs): a small network's step takes as long as its kernels do, not as long as the host needs to name
// them.
//
// The work must read its input from, and leave its results in, tensors that stay where they are; it must not wait for
// the device, nor depend on values that are on the host. Random numbers are new ones each time.
#pragma once

#include <functional>
#include <memory>

#include <c10/core/Device.h>

namespace eoa::train {

// Thread-safety: none; one owner, always on the same thread.
class RecordedWork {
 public:
  virtual ~RecordedWork() = default;

  // Without `record`, and on the CPU, the work just runs each time. Recordings of one process share their memory: what
  // one leaves in tensors that it made itself is gone when another runs.
  static std::unique_ptr<RecordedWork> Make(c10::Device device, bool record, std::function<void()> work);

  // Hands the work over. Exceptions of LibTorch pass through.
  virtual void Run() = 0;
};

}  // namespace eoa::train
