// How much memory a member needs, from the job alone: what its program allocates for the model's parts, as the trainer
// lays them out (trainer/engine), and for what a backward pass keeps of a forward pass. Pure.
//
// An estimate, not a measurement: tests/parity/memory compares it with real steps.
#pragma once

#include <cstdint>
#include <string>

#include "common/job/job.h"

namespace eoa::api {

struct MemoryEstimate {
  std::int64_t parameters = 0;         // numbers that are trained
  std::int64_t weights_bytes = 0;      // weights, and a copy of those that a generation began with
  std::int64_t gradients_bytes = 0;    // gradients
  std::int64_t optimizer_bytes = 0;    // momentum and the like, SAM's copies, and a checkpoint's copy of the state
  std::int64_t activations_bytes = 0;  // of one micro-batch
  std::int64_t per_image_bytes = 0;    // of that, each image
  std::int64_t program_bytes = 0;      // the program and its libraries

  std::int64_t fixed_bytes() const { return weights_bytes + gradients_bytes + optimizer_bytes + program_bytes; }
  std::int64_t total_bytes() const { return fixed_bytes() + activations_bytes; }
};

// Assumes that bf16 halves activations, and 1000 classes where only the data tell their number.
MemoryEstimate EstimateMemory(const TrainerSpec& trainer);

// One line for people: "about 1.2 GiB for each member: weights 0.7, ...".
std::string DescribeMemory(const MemoryEstimate& estimate, const TrainerSpec& trainer);

// What to change when a member ran out of memory, with the numbers to write: "set spec.trainer.batchSizePerMember to 8
// and gradientAccumulation to 4 ...". `available_bytes`: what the member may use; 0 when that is not known.
std::string AdviseOnMemory(const TrainerSpec& trainer, std::int64_t available_bytes);

}  // namespace eoa::api
