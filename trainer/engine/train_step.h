// TrainStep: one step of one member: forward and backward over the step's micro-batches, gradients averaged over the
// group, clipped, and the optimizer's move with this member's own learning rate.
//
// SAM and ASAM go over the micro-batches twice. With gradientSync SecondPass each member ascends by its own gradient
// (m-sharpness, Foret et al. 2021) and half of the communication is saved; with BothPasses all ascend by the averaged
// one.
//
// What is not finite must not spread (docs/decisions/0005-diverged-members.md):
//  - a member whose loss is not finite goes back to the weights that the generation began with and stays there until
//    the generation ends: it still takes part in the averaging, but does not move, and its momentum is
//    forgotten;
//  - a step whose averaged gradient is not finite is left out by all members, who all see the same one.
// A member on the CPU looks at each loss before it goes on. One on a GPU learns of it some steps later, so that the GPU
// never waits; until then the second rule holds its peers.
// Thread-safety: none; one owner. All members of the group step together.
#pragma once

#include <memory>
#include <vector>

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/comm/comm.h"
#include "trainer/engine/flat_weights.h"
#include "trainer/engine/micro_batch.h"
#include "trainer/model/model.h"
#include "trainer/optim/optimizer.h"

namespace eoa::train {

// All are borrowed.
struct StepParts {
  const api::TrainerSpec& spec;
  Model& model;
  Optimizer& optimizer;
  Comm& comm;
  const FlatWeights& start;  // the weights that the generation began with
};

class TrainStep {
 public:
  virtual ~TrainStep() = default;

  virtual void BeginGeneration() = 0;

  // OutOfRange when the loss is not finite even at the weights that the generation began with.
  virtual Status Run(const std::vector<MicroBatch>& batches, double learning_rate) = 0;

  // Afterwards all steps are done and the model's weights are finite. OutOfRange when not a single step could be taken.
  virtual Status EndGeneration() = 0;

  // Over the generation's steps whose loss is known: at the weights before each step, averaged over its micro-batches.
  virtual double mean_loss() const = 0;

  // Whether this member has diverged in this generation, as far as is known.
  virtual bool diverged() const = 0;

  // How long the host has waited for other members so far, in all.
  virtual Duration waited() const = 0;
};

// Collective in parts.comm. Looks at each step's loss before the next. For the CPU.
Result<std::unique_ptr<TrainStep>> MakeCheckedStep(const StepParts& parts);

// Collective in parts.comm. Hands steps over to the device of the model's parameters, a few ahead of it. For GPUs;
// works on the CPU too.
Result<std::unique_ptr<TrainStep>> MakeQueuedStep(const StepParts& parts);

}  // namespace eoa::train
