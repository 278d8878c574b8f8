#include "common/estimate/memory_estimate.h"

#include <algorithm>

#include "common/base/number.h"
#include "common/estimate/network_cost.h"
#include "common/job/models.h"

namespace eoa::api {
namespace {

constexpr std::int64_t kFloat = 4;
constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
constexpr std::int64_t kProgram = 300 * kMebibyte;

// While one block's backward runs, gradients and the libraries' working memory take about so many times what the block
// has kept: measured (tests/parity/memory).
constexpr std::int64_t kWorking = 3;

// The one in use and those that lie ready, besides one for each of the loader's threads (trainer/data/loader.h).
constexpr std::int64_t kBatchesReady = 3;

std::string Gibibytes(std::int64_t bytes) {
  return FormatShort(static_cast<double>(bytes) / static_cast<double>(std::int64_t{1} << 30), 2);
}

}  // namespace

MemoryEstimate EstimateMemory(const TrainerSpec& trainer) {
  const NetworkCost network = CostOf(trainer);
  const std::int64_t copy = kFloat * network.parameters;
  const OptimizerSpec& optimizer = trainer.optimizer;
  const bool adam = optimizer.name == Optimizer::kAdamW;
  const bool ascends = optimizer.name == Optimizer::kSam || optimizer.name == Optimizer::kAsam;
  const int state = adam ? 2 : optimizer.momentum > 0 ? 1 : 0;
  const int saved = optimizer.reset_each_generation ? 0 : state;  // while a checkpoint is written
  const int ascent = optimizer.name == Optimizer::kAsam ? 2 : ascends ? 1 : 0;
  const bool half = trainer.precision == Precision::kBf16;
  MemoryEstimate estimate;
  estimate.parameters = network.parameters;
  estimate.weights_bytes = 2 * copy;
  estimate.gradients_bytes = copy;
  estimate.optimizer_bytes = (state + saved + ascent) * copy;
  const std::int64_t numbers = network.kept + kWorking * network.largest;
  const std::int64_t pixels = 3 * std::int64_t{trainer.model.image_size} * trainer.model.image_size;
  const std::int64_t ready = kBatchesReady + trainer.dataset.loader_threads;
  estimate.per_image_bytes = numbers * (half ? kFloat / 2 : kFloat) + ready * pixels * kFloat;
  estimate.activations_bytes = trainer.batch_size_per_member * estimate.per_image_bytes;
  estimate.program_bytes = kProgram;
  return estimate;
}

std::string DescribeMemory(const MemoryEstimate& estimate, const TrainerSpec& trainer) {
  return "about " + Gibibytes(estimate.total_bytes()) + " GiB: weights " + Gibibytes(estimate.weights_bytes) +
         ", gradients " + Gibibytes(estimate.gradients_bytes) + ", optimizer " + Gibibytes(estimate.optimizer_bytes) +
         ", activations of " + std::to_string(trainer.batch_size_per_member) + " images " +
         Gibibytes(estimate.activations_bytes) + ", program " + Gibibytes(estimate.program_bytes);
}

std::string AdviseOnMemory(const TrainerSpec& trainer, std::int64_t available_bytes) {
  const MemoryEstimate estimate = EstimateMemory(trainer);
  const std::int64_t batch = trainer.batch_size_per_member;
  const std::int64_t room = available_bytes - estimate.fixed_bytes();
  std::int64_t fits = batch / 2;
  if (available_bytes > 0) fits = std::min(fits, room / std::max<std::int64_t>(1, estimate.per_image_bytes));
  while (fits > 1 && batch % fits != 0) --fits;
  std::string advice = "a member needs " + DescribeMemory(estimate, trainer) + "; ";
  if (fits >= 1) {
    advice += "set spec.trainer.batchSizePerMember to " + std::to_string(fits) + " and gradientAccumulation to " +
              std::to_string(batch / fits * trainer.gradient_accumulation) + " for the same step with less memory";
  } else {
    advice += "give members more memory";
  }
  if (HasTrait(trainer.model.name, ModelTrait::kActivationCheckpointing) && !trainer.activation_checkpointing) {
    TrainerSpec other = trainer;
    other.activation_checkpointing = true;
    advice += ", or activationCheckpointing to true: about " + Gibibytes(EstimateMemory(other).total_bytes()) + " GiB";
  }
  return advice;
}

}  // namespace eoa::api
