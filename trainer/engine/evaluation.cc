#include "trainer/engine/evaluation.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <ATen/ops/bincount.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <nlohmann/json.hpp>

#include "trainer/engine/autocast.h"
#include "trainer/model/loss.h"

namespace eoa::train {

namespace {

void CountClasses(const at::Tensor& logits, const at::Tensor& labels, ClassCounts& counts) {
  const std::int64_t classes = logits.size(1);
  const at::Tensor best = std::get<1>(logits.topk(std::min<std::int64_t>(5, classes), 1));
  counts.top5 += best.eq(labels.unsqueeze(1)).any(1).sum().item<std::int64_t>();
  const std::int64_t counted = classes <= kMostCountedClasses ? classes : 0;
  if (!counts.confusion.defined()) counts.confusion = at::zeros({counted, counted}, at::kLong);
  if (counted == 0) return;
  const at::Tensor cells = labels.mul(classes).add_(logits.argmax(1));
  counts.confusion.add_(at::bincount(cells, {}, classes * classes).view({classes, classes}));
}

}  // namespace

Result<Evaluation> Evaluate(Model& model, BatchFeed& feed, const api::TrainerSpec& spec, ClassCounts* counts) {
  const c10::InferenceMode inference;
  Evaluation evaluation;
  // On the device, which is asked once at the end.
  at::Tensor correct;
  at::Tensor loss_sum;
  for (;;) {
    EOA_ASSIGN_OR_RETURN(const std::optional<MicroBatch> batch, feed.Next());
    if (!batch) break;
    const std::int64_t images = batch->labels.numel();
    const Autocast autocast(spec.precision, batch->images.device());
    const at::Tensor logits = model.Forward(batch->images, {.training = false}).to(at::kFloat);
    if (!correct.defined()) {
      correct = at::zeros({}, batch->labels.options());
      loss_sum = at::zeros({}, batch->images.options().dtype(at::kDouble));
    }
    evaluation.images += images;
    correct.add_(CountCorrect(logits, batch->labels));
    loss_sum.add_(CrossEntropy(logits, batch->labels, /*smoothing=*/0), static_cast<double>(images));
    if (counts != nullptr) CountClasses(logits.cpu(), batch->labels.cpu(), *counts);
  }
  if (!correct.defined()) return evaluation;
  evaluation.correct = correct.item<std::int64_t>();
  evaluation.loss_sum = loss_sum.item<double>();
  return evaluation;
}

Status AddUp(Comm& comm, Evaluation& evaluation, ClassCounts& counts) {
  at::Tensor sums =
      at::tensor(at::ArrayRef<double>{static_cast<double>(evaluation.images), static_cast<double>(evaluation.correct),
                                      evaluation.loss_sum, static_cast<double>(counts.top5)});
  EOA_RETURN_IF_ERROR(comm.AllReduceSum(sums));
  evaluation.images = static_cast<std::int64_t>(sums[0].item<double>());
  evaluation.correct = static_cast<std::int64_t>(sums[1].item<double>());
  evaluation.loss_sum = sums[2].item<double>();
  counts.top5 = static_cast<std::int64_t>(sums[3].item<double>());
  // Images are fewer than a double counts exactly.
  at::Tensor cells = counts.confusion.to(at::kDouble);
  if (cells.numel() == 0) return OkStatus();
  EOA_RETURN_IF_ERROR(comm.AllReduceSum(cells));
  counts.confusion = cells.to(at::kLong);
  return OkStatus();
}

nlohmann::ordered_json EvaluationJson(const Evaluation& evaluation, const ClassCounts& counts,
                                      const std::vector<std::string>& class_names) {
  const auto images = static_cast<double>(std::max<std::int64_t>(1, evaluation.images));
  nlohmann::ordered_json json = {{"images", evaluation.images},
                                 {"top1", evaluation.accuracy()},
                                 {"top5", static_cast<double>(counts.top5) / images},
                                 {"loss", evaluation.loss()},
                                 {"classes", nullptr},
                                 {"confusion", nullptr}};
  const std::int64_t classes = counts.confusion.defined() ? counts.confusion.size(0) : 0;
  if (classes == 0) return json;
  json["classes"] = nlohmann::ordered_json::array();
  json["confusion"] = nlohmann::ordered_json::array();
  const at::Tensor confusion = counts.confusion.contiguous();
  const auto* cell = confusion.const_data_ptr<std::int64_t>();
  for (std::int64_t label = 0; label < classes; ++label, cell += classes) {
    const std::int64_t of_class = std::accumulate(cell, cell + classes, std::int64_t{0});
    const auto index = static_cast<std::size_t>(label);
    nlohmann::ordered_json accuracy = nullptr;
    if (of_class > 0) accuracy = static_cast<double>(cell[label]) / static_cast<double>(of_class);
    json["classes"].push_back({{"name", index < class_names.size() ? class_names[index] : std::to_string(label)},
                               {"images", of_class},
                               {"accuracy", std::move(accuracy)}});
    json["confusion"].push_back(std::vector<std::int64_t>(cell, cell + classes));
  }
  return json;
}

}  // namespace eoa::train
