// Readback: a few numbers of each step, read from the device some steps later, so that the device never waits for the
// host.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

namespace eoa::train {

// Thread-safety: none; one owner.
class Readback {
 public:
  virtual ~Readback() = default;

  // For messages of `values` floats from `device`.
  static std::unique_ptr<Readback> Make(c10::Device device, std::int64_t values);

  // Sends `values` (float32, [values], on the device) as they will be once the work handed over so far is done.
  virtual void Send(const at::Tensor& values) = 0;

  // Sent and not yet taken.
  virtual int pending() const = 0;

  // The oldest message; waits for the device. There is one pending.
  virtual std::vector<float> Take() = 0;
};

}  // namespace eoa::train
