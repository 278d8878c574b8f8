#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_zero.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros_like.h>

#include "trainer/optim/optimizer.h"

namespace eoa::train {
namespace {

class Sgd final : public Optimizer {
 public:
  Sgd(const api::OptimizerSpec& spec, const ParameterSet& set)
      : Optimizer(set), momentum_(spec.momentum), weight_decay_(spec.weight_decay), nesterov_(spec.nesterov) {
    if (momentum_ == 0) return;
    for (const at::Tensor& parameter : parameters_) velocity_.push_back(at::zeros_like(parameter.detach()));
  }

  void Step(double learning_rate) override {
    const at::NoGradGuard no_grad;
    // A velocity of zeros makes the first step like all others, since dampening is 0.
    at::_fused_sgd_(parameters_, Gradients(), velocity_, weight_decay_, momentum_, learning_rate, /*dampening=*/0.0,
                    nesterov_, /*maximize=*/false, /*is_first_step=*/false);
  }

  std::vector<NamedTensor> State() override {
    std::vector<NamedTensor> state;
    for (std::size_t i = 0; i < velocity_.size(); ++i) state.push_back({named_[i].name + ".momentum", velocity_[i]});
    return state;
  }

  void Reset() override {
    if (!velocity_.empty()) at::_foreach_zero_(velocity_);
  }

 private:
  double momentum_;
  double weight_decay_;
  bool nesterov_;
  std::vector<at::Tensor> velocity_;
};

}  // namespace

std::unique_ptr<Optimizer> MakeSgd(const api::OptimizerSpec& spec, const ParameterSet& set) {
  return std::make_unique<Sgd>(spec, set);
}

}  // namespace eoa::train
