#include "trainer/optim/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_zero.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <map>
#include <string>

namespace eoa::train {

Optimizer::Optimizer(const ParameterSet& set) : named_(set.parameters()), parameters_(set.Trainable()) {}

void Optimizer::ZeroGradients() {
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : parameters_) {
    if (!parameter.grad().defined()) parameter.mutable_grad() = at::zeros_like(parameter);
  }
  at::_foreach_zero_(Gradients());
}

void Optimizer::ClipGradients(double limit) {
  const at::NoGradGuard no_grad;
  constexpr double kEpsilon = 1e-6;
  std::vector<at::Tensor> gradients = Gradients();
  const double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>();
  if (norm + kEpsilon > limit) at::_foreach_mul_(gradients, limit / (norm + kEpsilon));
}

std::vector<at::Tensor> Optimizer::Gradients() const {
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters_.size());
  for (const at::Tensor& parameter : parameters_) gradients.push_back(parameter.grad());
  return gradients;
}

Status Optimizer::LoadState(const std::vector<NamedTensor>& state) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> given;
  for (const NamedTensor& entry : state) given[entry.name] = entry.tensor;
  for (NamedTensor& own : State()) {
    const auto it = given.find(own.name);
    if (it == given.end()) return NotFoundError("optimizer state has no tensor " + own.name);
    if (it->second.sizes() != own.tensor.sizes()) {
      return InvalidArgumentError("optimizer state " + own.name + " has another shape than its parameter");
    }
    own.tensor.copy_(it->second);
  }
  return OkStatus();
}

std::unique_ptr<Optimizer> MakeOptimizer(const api::OptimizerSpec& spec, const ParameterSet& set) {
  switch (spec.name) {
    case api::Optimizer::kSgd:
      return MakeSgd(spec, set);
    case api::Optimizer::kAdamW:
      return MakeAdamW(spec, set);
    case api::Optimizer::kSam:
    case api::Optimizer::kAsam:
      return MakeSam(spec, set);
  }
  return nullptr;
}

}  // namespace eoa::train
