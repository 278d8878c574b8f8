#include "trainer/comm/flat_gradients.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <ATen/record_function.h>

namespace eoa::train {

FlatGradients::FlatGradients(Comm& comm, const std::vector<at::Tensor>& parameters, at::ScalarType type)
    : comm_(comm), type_(type) {
  // So that vector instructions read each gradient from its first element.
  constexpr std::int64_t kAligned = 64;
  const auto room = [](const at::Tensor& tensor) { return (tensor.numel() + kAligned - 1) / kAligned * kAligned; };
  std::int64_t size = 0;
  for (const at::Tensor& parameter : parameters) size += room(parameter);
  values_ = at::zeros({size}, parameters.front().detach().options());
  std::int64_t begin = 0;
  for (at::Tensor parameter : parameters) {
    parameter.mutable_grad() = values_.as_strided(parameter.sizes(), parameter.strides(), begin);
    begin += room(parameter);
  }
}

Status FlatGradients::Average() {
  RECORD_USER_SCOPE("communication");
  const at::NoGradGuard no_grad;
  const SteadyTime start = RealClock().SteadyNow();
  if (type_ == values_.scalar_type()) {
    EOA_RETURN_IF_ERROR(comm_.AllReduceSum(values_));
  } else {
    at::Tensor sent = values_.to(type_);
    EOA_RETURN_IF_ERROR(comm_.AllReduceSum(sent));
    values_.copy_(sent);
  }
  values_.div_(comm_.size());
  waited_ += RealClock().SteadyNow() - start;
  return OkStatus();
}

}  // namespace eoa::train
