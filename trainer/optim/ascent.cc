#include "trainer/optim/ascent.h"

#include <ATen/ops/_foreach_abs.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/zeros_like.h>

#include <string>

#include "common/base/check.h"
#include "trainer/optim/gradient_norm.h"

namespace eoa::train {
namespace {

constexpr double kEpsilon = 1e-12;

}  // namespace

Ascent::Ascent(const api::OptimizerSpec& spec, const std::vector<NamedTensor>& parameters)
    : rho_(spec.rho), named_(parameters) {
  const bool adaptive = spec.name == api::Optimizer::kAsam;
  const bool original = spec.asam_form == api::AsamForm::kOriginal;
  if (original) scale_offset_ = 0.01;
  for (const NamedTensor& entry : parameters) {
    parameters_.push_back(entry.tensor);
    before_.push_back(at::zeros_like(entry.tensor.detach()));
    scaled_.push_back(adaptive && (!original || entry.name.find("weight") != std::string::npos));
  }
}

// The gradients are the workspace: g -> T g -> T^2 g -> e.
std::vector<at::Tensor> Ascent::Begin(const std::vector<at::Tensor>& gradients) const {
  EOA_CHECK(!moved_, "Move() twice without Return()");
  const std::vector<at::Tensor> scales = Scales();
  if (!scales.empty()) at::_foreach_mul_(Scaled(gradients), scales);
  return scales;
}

Status Ascent::Move(const std::vector<at::Tensor>& gradients) {
  const std::vector<at::Tensor> scales = Begin(gradients);
  EOA_ASSIGN_OR_RETURN(const double norm, GradientNorm(gradients, named_));
  if (!scales.empty()) at::_foreach_mul_(Scaled(gradients), scales);
  at::_foreach_mul_(gradients, rho_ / (norm + kEpsilon));
  Add(gradients);
  return OkStatus();
}

void Ascent::MoveQueued(const std::vector<at::Tensor>& gradients) {
  const std::vector<at::Tensor> scales = Begin(gradients);
  const at::Tensor norm = QueuedGradientNorm(gradients);
  if (!scales.empty()) at::_foreach_mul_(Scaled(gradients), scales);
  at::_foreach_mul_(gradients, norm.add(kEpsilon).reciprocal().mul(rho_));
  Add(gradients);
}

void Ascent::Add(const std::vector<at::Tensor>& offsets) {
  at::_foreach_copy_(before_, parameters_);
  at::_foreach_add_(parameters_, offsets);
  moved_ = true;
}

void Ascent::Return() {
  if (moved_) at::_foreach_copy_(parameters_, before_);
  moved_ = false;
}

std::vector<at::Tensor> Ascent::Scales() const {
  const std::vector<at::Tensor> chosen = Scaled(parameters_);
  if (chosen.empty()) return {};
  std::vector<at::Tensor> scales = at::_foreach_abs(chosen);
  if (scale_offset_ > 0) at::_foreach_add_(scales, scale_offset_);
  return scales;
}

std::vector<at::Tensor> Ascent::Scaled(const std::vector<at::Tensor>& tensors) const {
  std::vector<at::Tensor> chosen;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (scaled_[i]) chosen.push_back(tensors[i]);
  }
  return chosen;
}

}  // namespace eoa::train
