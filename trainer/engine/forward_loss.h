#pragma once

#include <ATen/core/Tensor.h>

#include "common/job/job.h"
#include "trainer/engine/micro_batch.h"
#include "trainer/model/model.h"

namespace eoa::train {

// The scalar that a pass minimises, computed in the job's precision.
at::Tensor ForwardLoss(const api::TrainerSpec& spec, Model& model, const MicroBatch& batch, const Pass& pass);

}  // namespace eoa::train
