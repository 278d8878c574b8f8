#include "trainer/optim/gradient_norm.h"

#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>

#include <cmath>

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

}  // namespace eoa::train
