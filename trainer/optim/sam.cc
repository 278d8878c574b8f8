#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_abs.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <string>

#include "common/base/check.h"
#include "trainer/optim/optimizer.h"

namespace eoa::train {
namespace {

double GlobalNorm(const std::vector<at::Tensor>& tensors) {
  return at::stack(at::_foreach_norm(tensors)).norm().item<double>();
}

class Sam final : public Optimizer {
 public:
  Sam(const api::OptimizerSpec& spec, const ParameterSet& set)
      : Optimizer(set), spec_(spec), base_(MakeSgd(spec, set)) {
    for (const NamedTensor& entry : named_) {
      before_.push_back(at::zeros_like(entry.tensor.detach()));
      const bool scaled = spec.name == api::Optimizer::kAsam &&
                          (spec.asam_form == api::AsamForm::kDavda54 || entry.name.find("weight") != std::string::npos);
      scaled_.push_back(scaled);
    }
  }

  bool ascends() const override { return true; }

  void Ascend() override {
    const at::NoGradGuard no_grad;
    EOA_CHECK(!ascended_, "Ascend() twice without Step()");
    ascended_ = true;
    at::_foreach_copy_(before_, parameters_);
    // Gradients are zeroed before the second pass anyway, so they serve as the workspace: g -> T g -> T^2 g -> e.
    std::vector<at::Tensor> gradients = Gradients();
    const std::vector<at::Tensor> scales = Scales();
    MultiplyScaled(gradients, scales);
    const double factor = spec_.rho / (GlobalNorm(gradients) + 1e-12);
    MultiplyScaled(gradients, scales);
    at::_foreach_mul_(gradients, factor);
    at::_foreach_add_(parameters_, gradients);
  }

  void Step(double learning_rate) override {
    const at::NoGradGuard no_grad;
    if (ascended_) at::_foreach_copy_(parameters_, before_);
    ascended_ = false;
    base_->Step(learning_rate);
  }

  std::vector<NamedTensor> State() override { return base_->State(); }
  void Reset() override { base_->Reset(); }

 private:
  // T for the parameters that have one.
  std::vector<at::Tensor> Scales() const {
    std::vector<at::Tensor> chosen;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (scaled_[i]) chosen.push_back(parameters_[i]);
    }
    if (chosen.empty()) return chosen;
    constexpr double kEta = 0.01;  // the ASAM authors'
    std::vector<at::Tensor> scales = at::_foreach_abs(chosen);
    if (spec_.asam_form == api::AsamForm::kOriginal) at::_foreach_add_(scales, kEta);
    return scales;
  }

  void MultiplyScaled(const std::vector<at::Tensor>& gradients, const std::vector<at::Tensor>& scales) const {
    if (scales.empty()) return;
    std::vector<at::Tensor> chosen;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      if (scaled_[i]) chosen.push_back(gradients[i]);
    }
    at::_foreach_mul_(chosen, scales);
  }

  api::OptimizerSpec spec_;
  std::unique_ptr<Optimizer> base_;
  std::vector<at::Tensor> before_;
  std::vector<bool> scaled_;
  bool ascended_ = false;
};

}  // namespace

std::unique_ptr<Optimizer> MakeSam(const api::OptimizerSpec& spec, const ParameterSet& set) {
  return std::make_unique<Sam>(spec, set);
}

}  // namespace eoa::train
