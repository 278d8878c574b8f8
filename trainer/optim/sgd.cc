#include <ATen/ops/_foreach_zero.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros_like.h>

#include "trainer/optim/update_rule.h"

namespace eoa::train {
namespace {

class Sgd final : public UpdateRule {
 public:
  Sgd(const api::OptimizerSpec& spec, const std::vector<NamedTensor>& parameters)
      : momentum_(spec.momentum), weight_decay_(spec.weight_decay), nesterov_(spec.nesterov), named_(parameters) {
    for (const NamedTensor& entry : named_) {
      parameters_.push_back(entry.tensor);
      if (momentum_ > 0) velocity_.push_back(at::zeros_like(entry.tensor.detach()));
    }
  }

  void Step(const std::vector<at::Tensor>& gradients, double learning_rate) override {
    // A velocity of zeros makes the first step like all others, since dampening is 0.
    at::_fused_sgd_(parameters_, gradients, velocity_, weight_decay_, momentum_, learning_rate, /*dampening=*/0.0,
                    nesterov_, /*maximize=*/false, /*is_first_step=*/false);
  }

  void StepQueued(const std::vector<at::Tensor>& gradients, const at::Tensor& learning_rate,
                  const at::Tensor& skip) override {
    at::_fused_sgd_(parameters_, gradients, velocity_, weight_decay_, momentum_, learning_rate, /*dampening=*/0.0,
                    nesterov_, /*maximize=*/false, /*is_first_step=*/false, /*grad_scale=*/{}, skip);
  }

  std::vector<NamedTensor> State() const override {
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
  std::vector<NamedTensor> named_;
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> velocity_;
};

}  // namespace

std::unique_ptr<UpdateRule> MakeSgd(const api::OptimizerSpec& spec, const std::vector<NamedTensor>& parameters) {
  return std::make_unique<Sgd>(spec, parameters);
}

}  // namespace eoa::train
