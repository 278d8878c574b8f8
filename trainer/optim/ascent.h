// Ascent: the first half of sharpness-aware minimisation. It moves the parameters w by
//   SAM (Foret et al. 2021, eq. 2)                e = rho g / ||g||
//   ASAM (Kwon et al. 2021, eq. 6)                e = rho T^2 g / ||T g||
// where ASAM's T = |w| for all parameters (form Davda54, that of davda54/sam, which the EOA authors use), or
// T = |w| + 0.01 for the parameters that have "weight" in their name and 1 for others (form Original, that of the ASAM
// authors' program). Norms run over all parameters together. Batch-norm scales are named "weight" too.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/model/parameters.h"

namespace eoa::train {

class Ascent {
 public:
  Ascent(const api::OptimizerSpec& spec, const std::vector<NamedTensor>& parameters);

  // Overwrites `gradients`. OutOfRange when ||T g|| is not finite: the parameters have not moved.
  Status Move(const std::vector<at::Tensor>& gradients);

  // The same without waiting for the device, and whatever the norm is.
  void MoveQueued(const std::vector<at::Tensor>& gradients);

  // Puts the parameters back, bit by bit; nothing if they have not moved.
  void Return();

 private:
  // g -> T g. Returns the T of those gradients whose T is not 1.
  std::vector<at::Tensor> Begin(const std::vector<at::Tensor>& gradients) const;
  void Add(const std::vector<at::Tensor>& offsets);
  std::vector<at::Tensor> Scales() const;
  std::vector<at::Tensor> Scaled(const std::vector<at::Tensor>& tensors) const;

  double rho_;
  double scale_offset_ = 0;
  std::vector<NamedTensor> named_;
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> before_;
  std::vector<bool> scaled_;  // parameters whose T is not 1
  bool moved_ = false;
};

}  // namespace eoa::train
