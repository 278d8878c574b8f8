#include "trainer/device/readback.h"

#include <deque>
#include <utility>

namespace eoa::train {
namespace {

class HostReadback final : public Readback {
 public:
  void Send(const at::Tensor& values) override {
    const auto* data = values.const_data_ptr<float>();
    messages_.emplace_back(data, data + values.numel());
  }
  int pending() const override { return static_cast<int>(messages_.size()); }
  std::vector<float> Take() override {
    std::vector<float> message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }

 private:
  std::deque<std::vector<float>> messages_;
};

}  // namespace

std::unique_ptr<Readback> Readback::Make(c10::Device /*device*/, std::int64_t /*values*/) {
  return std::make_unique<HostReadback>();
}

}  // namespace eoa::train
