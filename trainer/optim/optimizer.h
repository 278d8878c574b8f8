// Optimizer: turns gradients into a step of the parameters, with the learning rate as an argument of each step.
//
// One step of the engine is
//   optimizer.ZeroGradients(); forward; backward;
//   if (optimizer.ascends()) { optimizer.Ascend(); ZeroGradients(); forward; backward; }   // SAM, ASAM
//   optimizer.Step(rate);
// Gradients stay defined and are zeroed in place, so that they can be views into a reducer's buckets. All work goes
// through ATen's _foreach_ and _fused_ kernels: one call for all tensors. Thread-safety: none; one owner.
#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/api/job.h"
#include "common/base/result.h"
#include "trainer/model/parameters.h"

namespace eoa::train {

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // Defines missing gradients and zeroes all of them.
  void ZeroGradients();

  // Scales the gradients down to a global L2 norm of at most `limit`, as torch.nn.utils.clip_grad_norm_ does.
  void ClipGradients(double limit);

  // True for SAM and ASAM, whose step needs gradients at a second point.
  virtual bool ascends() const { return false; }

  // Moves the parameters to the worst point of the neighbourhood, by the gradients at the present one.
  virtual void Ascend() {}

  // Steps by the gradients; after Ascend() from where the parameters were before it.
  virtual void Step(double learning_rate) = 0;

  // Momentum and the like, by name; shared handles. Loading copies into them. NotFound or InvalidArgument names a
  // tensor that is missing or misshaped.
  virtual std::vector<NamedTensor> State() = 0;
  Status LoadState(const std::vector<NamedTensor>& state);

  // As new: momentum forgotten.
  virtual void Reset() = 0;

 protected:
  explicit Optimizer(const ParameterSet& set);

  // Gradients, defined, in the parameters' order.
  std::vector<at::Tensor> Gradients() const;

  std::vector<NamedTensor> named_;
  std::vector<at::Tensor> parameters_;
};

// The optimizer that the job names, over these parameters.
std::unique_ptr<Optimizer> MakeOptimizer(const api::OptimizerSpec& spec, const ParameterSet& set);

// SGD with momentum and weight decay, as torch.optim.SGD (dampening 0). Step: g += wd w; v = m v + g; w -= lr (g + m v
// or v).
std::unique_ptr<Optimizer> MakeSgd(const api::OptimizerSpec& spec, const ParameterSet& set);

// AdamW (Loshchilov and Hutter 2019), as torch.optim.AdamW.
std::unique_ptr<Optimizer> MakeAdamW(const api::OptimizerSpec& spec, const ParameterSet& set);

// Sharpness-aware minimisation over SGD. SAM (Foret et al. 2021): e = rho g / ||g||. ASAM (Kwon et al. 2021) in
// davda54's form: e = rho w^2 g / || |w| g || over all parameters; in its authors' form: e = rho T^2 g / ||T g|| with T
// = |w| + 0.01 for parameters whose name has "weight", and 1 for the others.
std::unique_ptr<Optimizer> MakeSam(const api::OptimizerSpec& spec, const ParameterSet& set);

}  // namespace eoa::train
