#include <utility>

#include <ATen/record_function.h>

#include "trainer/comm/comm.h"
#include "trainer/comm/torch_error.h"

namespace eoa::train {
namespace {

class SoloReducer final : public GradientReducer {
 public:
  Status Backward(const at::Tensor& loss, bool /*average*/) override {
    RECORD_USER_SCOPE("backward");
    return CatchTorchErrors("backward", [&] { loss.backward(); });
  }
  Duration waited() const override { return Duration::zero(); }
};

class SoloComm final : public Comm {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  Status AllReduceSum(at::Tensor& /*tensor*/) override { return OkStatus(); }
  Status ReduceSum(at::Tensor& /*tensor*/, int /*root*/) override { return OkStatus(); }
  Status Broadcast(at::Tensor& /*tensor*/, int /*root*/) override { return OkStatus(); }
  Result<std::unique_ptr<GradientReducer>> MakeReducer(std::vector<at::Tensor> /*parameters*/) override {
    return std::unique_ptr<GradientReducer>(std::make_unique<SoloReducer>());
  }
};

}  // namespace

std::unique_ptr<Comm> MakeSoloComm() { return std::make_unique<SoloComm>(); }

}  // namespace eoa::train
