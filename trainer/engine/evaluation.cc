#include "trainer/engine/evaluation.h"

#include <array>

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include "trainer/engine/autocast.h"
#include "trainer/model/loss.h"

namespace eoa::train {

MicroBatch BorrowBatch(const Batch& batch, int image_size) {
  const std::int64_t size = image_size;
  // LibTorch has no read-only tensors.
  auto* images = const_cast<float*>(batch.images.data());
  auto* labels = const_cast<std::int64_t*>(batch.labels.data());
  // Pixel by pixel in memory, with three channels each.
  return {.images = at::from_blob(images, {batch.size, 3, size, size}, {size * size * 3, 1, size * 3, 3}, at::kFloat),
          .labels = at::from_blob(labels, {batch.size}, at::kLong)};
}

Result<Evaluation> Evaluate(Model& model, Loader& loader, const api::TrainerSpec& spec) {
  const c10::InferenceMode inference;
  const Autocast autocast(spec.precision);
  Evaluation evaluation;
  for (;;) {
    EOA_ASSIGN_OR_RETURN(const std::optional<Batch> batch, loader.Next());
    if (!batch) return evaluation;
    const MicroBatch tensors = BorrowBatch(*batch, spec.model.image_size);
    const at::Tensor logits = model.Forward(tensors.images, {.training = false}).to(at::kFloat);
    evaluation.images += batch->size;
    evaluation.correct += CountCorrect(logits, tensors.labels);
    evaluation.loss_sum +=
        CrossEntropy(logits, tensors.labels, /*smoothing=*/0).item<double>() * static_cast<double>(batch->size);
  }
}

Status AddUp(Comm& comm, Evaluation& evaluation) {
  at::Tensor sums = at::tensor(at::ArrayRef<double>{static_cast<double>(evaluation.images),
                                                    static_cast<double>(evaluation.correct), evaluation.loss_sum});
  EOA_RETURN_IF_ERROR(comm.AllReduceSum(sums));
  evaluation.images = static_cast<std::int64_t>(sums[0].item<double>());
  evaluation.correct = static_cast<std::int64_t>(sums[1].item<double>());
  evaluation.loss_sum = sums[2].item<double>();
  return OkStatus();
}

}  // namespace eoa::train
