// TrainStep: one step of one member: forward and backward over the step's micro-batches, gradients averaged over the
// group, clipped, and the optimizer's move with this member's own learning rate.
//
// SAM and ASAM go over the micro-batches twice. With gradientSync SecondPass each member ascends by its own gradient
// (m-sharpness, Foret et al. 2021) and half of the communication is saved; with BothPasses all ascend by the averaged
// one.
//
// What is not finite must not spread (docs/decisions/0005-diverged-members.md):
//  - a member whose loss is not finite goes back to the weights that the generation began with and stays there until
//  the generation
//    ends: it still takes part in the averaging, but does not move, and its momentum is forgotten;
//  - a step whose averaged gradient is not finite is left out by all members, who all see the same one.
// Thread-safety: none; one owner. All members of the group step together.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/api/job.h"
#include "common/base/result.h"
#include "trainer/comm/comm.h"
#include "trainer/engine/flat_weights.h"
#include "trainer/model/model.h"
#include "trainer/optim/optimizer.h"

namespace eoa::train {

struct MicroBatch {
  at::Tensor images;  // [n, 3, H, W] float32, channels-last
  at::Tensor labels;  // [n] int64
};

class TrainStep {
 public:
  // All are borrowed. `start`: the weights that the generation began with.
  TrainStep(const api::TrainerSpec& spec, Model& model, Optimizer& optimizer, GradientReducer& reducer,
            const FlatWeights& start)
      : spec_(spec), model_(model), optimizer_(optimizer), reducer_(reducer), start_(start) {}

  void BeginGeneration();

  // Returns the loss, averaged over the micro-batches, at the weights before the step. OutOfRange when the loss is not
  // finite even at the weights that the generation began with.
  Result<double> Run(const std::vector<MicroBatch>& batches, double learning_rate);

  // Afterwards the model's weights are finite. OutOfRange when not a single step could be taken.
  Status EndGeneration();

  // Whether this member has diverged in this generation.
  bool diverged() const { return diverged_; }

 private:
  Result<double> AccumulateGradients(const std::vector<MicroBatch>& batches, const Pass& pass, bool average);
  Status Move(double learning_rate);
  at::Tensor Loss(const MicroBatch& batch, const Pass& pass);
  void GoBack();

  const api::TrainerSpec& spec_;
  Model& model_;
  Optimizer& optimizer_;
  GradientReducer& reducer_;
  const FlatWeights& start_;
  bool diverged_ = false;
  std::int64_t taken_ = 0;     // steps of this generation
  std::int64_t left_out_ = 0;  // because of their gradient
  std::string left_out_why_;   // the last one
};

}  // namespace eoa::train
