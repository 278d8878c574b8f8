// How good weights are: top-1 accuracy and mean cross entropy (without label smoothing) over a set of images.
#pragma once

#include <cstdint>

#include "common/api/job.h"
#include "common/base/result.h"
#include "trainer/comm/comm.h"
#include "trainer/data/loader.h"
#include "trainer/engine/train_step.h"
#include "trainer/model/model.h"

namespace eoa::train {

struct Evaluation {
  std::int64_t images = 0;
  std::int64_t correct = 0;
  double loss_sum = 0;

  double accuracy() const { return images == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(images); }
  double loss() const { return images == 0 ? 0 : loss_sum / static_cast<double>(images); }
};

// Over all that is left in `loader`.
Result<Evaluation> Evaluate(Model& model, Loader& loader, const api::TrainerSpec& spec);

// Collective: the sum of the members' evaluations.
Status AddUp(Comm& comm, Evaluation& evaluation);

// The loader's batch as tensors that borrow its memory.
MicroBatch BorrowBatch(const Batch& batch, int image_size);

}  // namespace eoa::train
