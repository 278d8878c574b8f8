#include "trainer/optim/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_zero.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/zeros_like.h>
#include <ATen/record_function.h>

#include <map>
#include <string>
#include <utility>

#include "common/base/check.h"
#include "trainer/optim/gradient_norm.h"

namespace eoa::train {
namespace {

constexpr double kClipEpsilon = 1e-6;  // as torch.nn.utils.clip_grad_norm_ has it

bool HasAscent(api::Optimizer name) { return name == api::Optimizer::kSam || name == api::Optimizer::kAsam; }

std::vector<at::Tensor> Gradients(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters.size());
  for (const at::Tensor& parameter : parameters) {
    EOA_CHECK(parameter.grad().defined(), "a step without a gradient");
    gradients.push_back(parameter.grad());
  }
  return gradients;
}

}  // namespace

Optimizer::Optimizer(const api::OptimizerSpec& spec, const ParameterSet& set)
    : named_(set.parameters()),
      parameters_(set.Trainable()),
      clip_norm_(spec.clip_gradient_norm),
      rule_(spec.name == api::Optimizer::kAdamW ? MakeAdamW(spec, named_) : MakeSgd(spec, named_)) {
  if (HasAscent(spec.name)) ascent_.emplace(spec, named_);
}

void Optimizer::DropGradients() {
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad() = at::Tensor();
}

void Optimizer::ZeroGradients() {
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : parameters_) {
    if (!parameter.grad().defined()) parameter.mutable_grad() = at::zeros_like(parameter);
  }
  at::_foreach_zero_(Gradients(parameters_));
}

Status Optimizer::Ascend() {
  EOA_CHECK(ascends(), "this optimizer has no ascent");
  RECORD_USER_SCOPE("ascent");
  const at::NoGradGuard no_grad;
  return ascent_->Move(Gradients(parameters_));
}

Status Optimizer::Step(double learning_rate) {
  RECORD_USER_SCOPE("optimizer");
  const at::NoGradGuard no_grad;
  if (ascends()) ascent_->Return();
  const std::vector<at::Tensor> gradients = Gradients(parameters_);
  EOA_ASSIGN_OR_RETURN(const double norm, GradientNorm(gradients, named_));
  if (clip_norm_ > 0 && norm + kClipEpsilon > clip_norm_)
    at::_foreach_mul_(gradients, clip_norm_ / (norm + kClipEpsilon));
  rule_->Step(gradients, learning_rate);
  return OkStatus();
}

void Optimizer::AscendQueued() {
  EOA_CHECK(ascends(), "this optimizer has no ascent");
  RECORD_USER_SCOPE("ascent");
  const at::NoGradGuard no_grad;
  ascent_->MoveQueued(Gradients(parameters_));
}

void Optimizer::StepQueued(const at::Tensor& learning_rate, const at::Tensor& hold, at::Tensor& left_out) {
  RECORD_USER_SCOPE("optimizer");
  const at::NoGradGuard no_grad;
  if (ascends()) ascent_->Return();
  const std::vector<at::Tensor> gradients = Gradients(parameters_);
  const at::Tensor norm = QueuedGradientNorm(gradients);
  left_out.copy_(at::isfinite(norm).logical_not());
  if (clip_norm_ > 0) at::_foreach_mul_(gradients, norm.add(kClipEpsilon).reciprocal().mul(clip_norm_).clamp_max(1));
  rule_->StepQueued(gradients, learning_rate, at::maximum(left_out, hold));
}

void Optimizer::Reset() {
  const at::NoGradGuard no_grad;
  if (ascends()) ascent_->Return();
  rule_->Reset();
}

Status Optimizer::LoadState(const std::vector<NamedTensor>& state) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> given;
  for (const NamedTensor& entry : state) given[entry.name] = entry.tensor;
  const std::vector<NamedTensor> own = State();
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;
  for (const NamedTensor& entry : own) {
    const auto it = given.find(entry.name);
    if (it == given.end()) return NotFoundError("the optimizer's state has no tensor " + entry.name);
    if (it->second.sizes() != entry.tensor.sizes()) {
      return InvalidArgumentError("the optimizer's state " + entry.name + " has another shape than its parameter");
    }
    copies.emplace_back(entry.tensor, it->second);
  }
  for (auto& [to, from] : copies) to.copy_(from);
  return OkStatus();
}

}  // namespace eoa::train
