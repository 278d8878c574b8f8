#include "trainer/model/loss.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/eq.h>

namespace eoa::train {

at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing) {
  constexpr std::int64_t kIgnoreNone = -100;  // PyTorch's default: no label has this value
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, kIgnoreNone, smoothing);
}

at::Tensor CountCorrect(const at::Tensor& logits, const at::Tensor& labels) {
  return logits.argmax(1).eq(labels).sum();
}

}  // namespace eoa::train
