#include "trainer/device/readback.h"

#include <deque>
#include <utility>

#include <ATen/cuda/CUDAEvent.h>
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAStream.h>

namespace eoa::train {
namespace {

struct Message {
  at::Tensor values;  // pinned
  at::cuda::CUDAEvent sent;
};

class DeviceReadback final : public Readback {
 public:
  explicit DeviceReadback(std::int64_t values) : values_(values) {}

  void Send(const at::Tensor& values) override {
    if (free_.empty()) {
      // Waiting sleeps: members that share a machine leave each other their cores.
      free_.push_back(Message{at::empty({values_}, at::TensorOptions(at::kFloat).pinned_memory(true)),
                              at::cuda::CUDAEvent(cudaEventDisableTiming | cudaEventBlockingSync)});
    }
    Message message = std::move(free_.front());
    free_.pop_front();
    message.values.copy_(values, /*non_blocking=*/true);
    if (values.is_cuda()) message.sent.record(c10::cuda::getCurrentCUDAStream());
    pending_.push_back(std::move(message));
  }

  int pending() const override { return static_cast<int>(pending_.size()); }

  std::vector<float> Take() override {
    Message message = std::move(pending_.front());
    pending_.pop_front();
    message.sent.synchronize();
    const auto* data = message.values.const_data_ptr<float>();
    std::vector<float> values(data, data + values_);
    free_.push_back(std::move(message));
    return values;
  }

 private:
  std::int64_t values_;
  std::deque<Message> pending_;
  std::deque<Message> free_;
};

}  // namespace

std::unique_ptr<Readback> Readback::Make(c10::Device /*device*/, std::int64_t values) {
  return std::make_unique<DeviceReadback>(values);
}

}  // namespace eoa::train
