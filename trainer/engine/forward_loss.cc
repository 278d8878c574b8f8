#include "trainer/engine/forward_loss.h"

#include <ATen/ops/flip.h>
#include <ATen/ops/lerp.h>
#include <ATen/record_function.h>

#include "trainer/engine/autocast.h"
#include "trainer/model/loss.h"

namespace eoa::train {

at::Tensor ForwardLoss(const api::TrainerSpec& spec, Model& model, const MicroBatch& batch, const Pass& pass) {
  RECORD_USER_SCOPE("forward");
  const Autocast autocast(spec.precision, batch.images.device());
  const at::Tensor logits = model.Forward(batch.images, pass).to(at::kFloat);
  const at::Tensor loss = CrossEntropy(logits, batch.labels, spec.label_smoothing);
  if (!batch.share.defined()) return loss;
  return at::lerp(CrossEntropy(logits, batch.labels.flip(0), spec.label_smoothing), loss, batch.share);
}

}  // namespace eoa::train
