#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_zero.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "trainer/optim/optimizer.h"

namespace eoa::train {
namespace {

class AdamW final : public Optimizer {
 public:
  AdamW(const api::OptimizerSpec& spec, const ParameterSet& set) : Optimizer(set), spec_(spec) {
    for (const at::Tensor& parameter : parameters_) {
      mean_.push_back(at::zeros_like(parameter.detach()));
      square_.push_back(at::zeros_like(parameter.detach()));
      steps_.push_back(at::zeros({}));
    }
  }

  void Step(double learning_rate) override {
    const at::NoGradGuard no_grad;
    at::_foreach_add_(steps_, 1);
    at::_fused_adamw_(parameters_, Gradients(), mean_, square_, /*max_exp_avg_sqs=*/{}, steps_, learning_rate,
                      spec_.beta1, spec_.beta2, spec_.weight_decay, spec_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  }

  std::vector<NamedTensor> State() override {
    std::vector<NamedTensor> state;
    for (std::size_t i = 0; i < named_.size(); ++i) {
      state.push_back({named_[i].name + ".mean", mean_[i]});
      state.push_back({named_[i].name + ".square", square_[i]});
      state.push_back({named_[i].name + ".step", steps_[i]});
    }
    return state;
  }

  void Reset() override {
    at::_foreach_zero_(mean_);
    at::_foreach_zero_(square_);
    at::_foreach_zero_(steps_);
  }

 private:
  api::OptimizerSpec spec_;
  std::vector<at::Tensor> mean_;
  std::vector<at::Tensor> square_;
  std::vector<at::Tensor> steps_;
};

}  // namespace

std::unique_ptr<Optimizer> MakeAdamW(const api::OptimizerSpec& spec, const ParameterSet& set) {
  return std::make_unique<AdamW>(spec, set);
}

}  // namespace eoa::train
