// How good weights are: top-1 accuracy and mean cross entropy (without label smoothing) over a set of images.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/comm/comm.h"
#include "trainer/engine/batch_feed.h"
#include "trainer/model/model.h"

namespace eoa::train {

struct Evaluation {
  std::int64_t images = 0;
  std::int64_t correct = 0;
  double loss_sum = 0;

  double accuracy() const { return images == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(images); }
  double loss() const { return images == 0 ? 0 : loss_sum / static_cast<double>(images); }
};

// What is counted on a test set besides accuracy and loss.
struct ClassCounts {
  std::int64_t top5 = 0;  // images whose label is among the five greatest logits (all, with fewer classes)
  at::Tensor confusion;   // int64 [classes, classes]: images by label (row) and by answer (column)
};

// Counted class by class up to here; with more classes `confusion` is [0, 0], since it would take gigabytes.
inline constexpr int kMostCountedClasses = 2000;

// Over all that is left in `feed`; counts into `counts` unless it is null.
Result<Evaluation> Evaluate(Model& model, BatchFeed& feed, const api::TrainerSpec& spec, ClassCounts* counts = nullptr);

// Collective: the sum of the members' evaluations and counts.
Status AddUp(Comm& comm, Evaluation& evaluation, ClassCounts& counts);

// {"images", "top1", "top5", "loss", "classes": [{"name", "images", "accuracy"}], "confusion": rows by label}; classes
// and confusion are null where they were not counted. Pure.
nlohmann::ordered_json EvaluationJson(const Evaluation& evaluation, const ClassCounts& counts,
                                      const std::vector<std::string>& class_names);

}  // namespace eoa::train
