// UpdateRule: how gradients and a learning rate become a step of the parameters, and the state that this takes.
#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/job/job.h"
#include "trainer/model/parameters.h"

namespace eoa::train {

class UpdateRule {
 public:
  virtual ~UpdateRule() = default;

  // `gradients` are defined and in the order of the parameters that the rule was made for. Gradients may change.
  virtual void Step(const std::vector<at::Tensor>& gradients, double learning_rate) = 0;

  // The same with scalars on the parameters' device (float32): nothing happens where `skip` is 1.
  virtual void StepQueued(const std::vector<at::Tensor>& gradients, const at::Tensor& learning_rate,
                          const at::Tensor& skip) = 0;

  virtual std::vector<NamedTensor> State() const = 0;
  virtual void Reset() = 0;
};

// SGD with momentum and weight decay, as torch.optim.SGD with dampening 0: g += wd w; v = m v + g; w -= lr v, or with
// Nesterov's momentum w -= lr (g + m v). State: "NAME.momentum".
std::unique_ptr<UpdateRule> MakeSgd(const api::OptimizerSpec& spec, const std::vector<NamedTensor>& parameters);

// AdamW (Loshchilov and Hutter 2019), as torch.optim.AdamW. State: "NAME.mean", "NAME.square" and, for all, "step".
std::unique_ptr<UpdateRule> MakeAdamW(const api::OptimizerSpec& spec, const std::vector<NamedTensor>& parameters);

}  // namespace eoa::train
