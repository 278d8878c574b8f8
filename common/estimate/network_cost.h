// What a network consists of and costs, from the job alone: parameters, multiplications, and the numbers that a
// backward pass needs of a forward pass. Pure; of one image.
#pragma once

#include <cstdint>

#include "common/job/job.h"

namespace eoa::api {

struct NetworkCost {
  std::int64_t parameters = 0;  // numbers that are trained
  std::int64_t products = 0;    // multiplications, each with an addition, of forward's convolutions and matrix products
  std::int64_t kept = 0;        // numbers that backward needs
  std::int64_t largest = 0;     // of that, by one block
  std::int64_t inputs = 0;      // numbers that blocks begin with
};

// Classes that only the data tell are taken to be 1000. All zero for an unknown model.
NetworkCost CostOf(const TrainerSpec& trainer);

// Floating-point operations that a training step does for each image by the usual count: forward twice the products,
// backward twice forward; SAM and ASAM twice all that. What is computed again for activationCheckpointing does not
// count. With images/s this is the numerator of model FLOPs utilisation (MFU; Chowdhery et al. 2022, appendix B).
double TrainingFlopsPerImage(const TrainerSpec& trainer);

}  // namespace eoa::api
