#include "trainer/optim/gradient_norm.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/max.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/stack.h>

#include <cmath>
#include <limits>

#include "common/base/number.h"

namespace eoa::train {

Result<double> GradientNorm(const std::vector<at::Tensor>& gradients, const std::vector<NamedTensor>& parameters) {
  const at::Tensor norms = at::stack(at::_foreach_norm(gradients)).to(at::kDouble);
  const double norm = norms.norm().item<double>();
  if (std::isfinite(norm)) return norm;
  const at::Tensor on_host = norms.cpu();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double value = on_host.data_ptr<double>()[i];
    if (std::isfinite(value)) continue;
    return Error(ErrorCode::kOutOfRange,
                 "the gradient of " + parameters[i].name + " has norm " + FormatNumber(value) + "; not stepping by it");
  }
  return Error(ErrorCode::kOutOfRange, "the gradients' norm is " + FormatNumber(norm) + "; not stepping by them");
}

at::Tensor QueuedGradientNorm(const std::vector<at::Tensor>& gradients) {
  return at::stack(at::_foreach_norm(gradients)).norm();
}

bool AreFinite(const std::vector<NamedTensor>& tensors) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> values;
  for (const NamedTensor& each : tensors) values.push_back(each.tensor);
  // The greatest element of each: unlike a sum, it cannot overflow.
  const at::Tensor greatest = at::stack(at::_foreach_norm(values, std::numeric_limits<double>::infinity()));
  return std::isfinite(greatest.max().item<double>());
}

}  // namespace eoa::train
