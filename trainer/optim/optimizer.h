// Optimizer: turns gradients into a step of the parameters, with the learning rate as an argument of each step.
//
// One step of the engine is
//   optimizer.DropGradients(); forward; backward;
//   if (optimizer.ascends()) { optimizer.Ascend(); optimizer.DropGradients(); forward; backward; }  // SAM, ASAM
//   optimizer.Step(rate);
// where SAM's second forward pass leaves batch-norm statistics alone (Pass::track_statistics = false). All work
// goes through ATen's _foreach_ and _fused_ kernels: one call for all tensors. Thread-safety: none; one owner.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/model/parameters.h"
#include "trainer/optim/ascent.h"
#include "trainer/optim/update_rule.h"

namespace eoa::train {

class Optimizer {
 public:
  // The optimizer that the job names, over these parameters, whose tensors it shares.
  Optimizer(const api::OptimizerSpec& spec, const ParameterSet& set);

  // Forgets the gradients, so that backward leaves its own in place of adding to these, and forward has their memory.
  void DropGradients();

  // Defines missing gradients and zeroes all of them where they are, for steps that are recorded (recorded_work.h).
  void ZeroGradients();

  // True for SAM and ASAM, whose step needs gradients at a second point.
  bool ascends() const { return ascent_.has_value(); }

  // Moves the parameters to the worst point of the neighbourhood, by the gradients at the present one, which are
  // overwritten. OutOfRange when they are not finite: the parameters are then as before. Only if ascends().
  Status Ascend();

  // Clips the gradients to the job's global norm, if it has one, and steps by them; after Ascend() from where the
  // parameters were before it. OutOfRange when the gradients' norm is not finite, naming the first such parameter: the
  // parameters are then as before the step.
  Status Step(double learning_rate);

  // Ascend() and Step() for a device that the host does not wait for; they can be recorded (recorded_work.h). Scalars
  // are float32 on the parameters' device. The step is left out where `hold` is 1 and where the gradients' norm is not
  // finite, which `left_out` tells (1 or 0). With gradients that are not finite the ascent is not finite either; the
  // second pass then gives gradients that are not finite, and the step is left out.
  void AscendQueued();
  void StepQueued(const at::Tensor& learning_rate, const at::Tensor& hold, at::Tensor& left_out);

  // Momentum and the like, by name; shared handles. Loading copies into them. NotFound or InvalidArgument names a
  // tensor that is missing or misshaped, and nothing is loaded.
  std::vector<NamedTensor> State() const { return rule_->State(); }
  Status LoadState(const std::vector<NamedTensor>& state);

  // As new: momentum forgotten, an Ascend() without its Step() undone.
  void Reset();

 private:
  std::vector<NamedTensor> named_;
  std::vector<at::Tensor> parameters_;
  double clip_norm_;
  std::unique_ptr<UpdateRule> rule_;
  std::optional<Ascent> ascent_;
};

}  // namespace eoa::train
