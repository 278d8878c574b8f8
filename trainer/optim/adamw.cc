#include <ATen/ops/_foreach_zero.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "trainer/optim/update_rule.h"

namespace eoa::train {
namespace {

class AdamW final : public UpdateRule {
 public:
  AdamW(const api::OptimizerSpec& spec, const std::vector<NamedTensor>& parameters)
      : spec_(spec), named_(parameters), step_(at::zeros({}, parameters.front().tensor.detach().options())) {
    for (const NamedTensor& entry : named_) {
      parameters_.push_back(entry.tensor);
      mean_.push_back(at::zeros_like(entry.tensor.detach()));
      square_.push_back(at::zeros_like(entry.tensor.detach()));
    }
    steps_.assign(named_.size(), step_);  // the kernel only reads them
  }

  void Step(const std::vector<at::Tensor>& gradients, double learning_rate) override {
    step_.add_(1);
    at::_fused_adamw_(parameters_, gradients, mean_, square_, /*max_exp_avg_sqs=*/{}, steps_, learning_rate,
                      spec_.beta1, spec_.beta2, spec_.weight_decay, spec_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  }

  void StepQueued(const std::vector<at::Tensor>& gradients, const at::Tensor& learning_rate,
                  const at::Tensor& skip) override {
    step_.add_(1).sub_(skip);
    at::_fused_adamw_(parameters_, gradients, mean_, square_, /*max_exp_avg_sqs=*/{}, steps_, learning_rate,
                      spec_.beta1, spec_.beta2, spec_.weight_decay, spec_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false, /*grad_scale=*/{}, skip);
  }

  std::vector<NamedTensor> State() const override {
    std::vector<NamedTensor> state{{"step", step_}};
    for (std::size_t i = 0; i < named_.size(); ++i) {
      state.push_back({named_[i].name + ".mean", mean_[i]});
      state.push_back({named_[i].name + ".square", square_[i]});
    }
    return state;
  }

  void Reset() override {
    step_.zero_();
    at::_foreach_zero_(mean_);
    at::_foreach_zero_(square_);
  }

 private:
  api::OptimizerSpec spec_;
  std::vector<NamedTensor> named_;
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> mean_;
  std::vector<at::Tensor> square_;
  at::Tensor step_;
  std::vector<at::Tensor> steps_;
};

}  // namespace

std::unique_ptr<UpdateRule> MakeAdamW(const api::OptimizerSpec& spec, const std::vector<NamedTensor>& parameters) {
  return std::make_unique<AdamW>(spec, parameters);
}

}  // namespace eoa::train
