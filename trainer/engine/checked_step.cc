#include "trainer/engine/train_step.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>

#include "common/base/log.h"
#include "trainer/engine/forward_loss.h"
#include "trainer/optim/gradient_norm.h"

namespace eoa::train {
namespace {

class CheckedStep final : public TrainStep {
 public:
  CheckedStep(const StepParts& parts, std::unique_ptr<GradientReducer> reducer)
      : spec_(parts.spec),
        model_(parts.model),
        optimizer_(parts.optimizer),
        start_(parts.start),
        drops_gradients_(parts.comm.size() == 1 && !parts.spec.activation_checkpointing),
        reducer_(std::move(reducer)) {}

  void BeginGeneration() override;
  Status Run(const std::vector<MicroBatch>& batches, double learning_rate) override;
  Status EndGeneration() override;
  double mean_loss() const override { return steps_ == 0 ? 0 : loss_sum_ / static_cast<double>(steps_); }
  bool diverged() const override { return diverged_; }
  Duration waited() const override { return reducer_->waited(); }

 private:
  Result<double> AccumulateGradients(const std::vector<MicroBatch>& batches, const Pass& pass, bool average);
  Status Move(double learning_rate);
  void GoBack();

  const api::TrainerSpec& spec_;
  Model& model_;
  Optimizer& optimizer_;
  const FlatWeights& start_;
  const bool drops_gradients_;
  std::unique_ptr<GradientReducer> reducer_;
  bool diverged_ = false;
  double loss_sum_ = 0;
  std::int64_t steps_ = 0;     // of this generation
  std::int64_t taken_ = 0;     // of them
  std::int64_t left_out_ = 0;  // because of their gradient
  std::string left_out_why_;   // the last one
};

void CheckedStep::GoBack() {
  const at::NoGradGuard no_grad;
  diverged_ = true;
  optimizer_.Reset();
  start_.Unpack();
}

void CheckedStep::BeginGeneration() {
  diverged_ = false;
  loss_sum_ = 0;
  steps_ = 0;
  taken_ = 0;
  left_out_ = 0;
}

Result<double> CheckedStep::AccumulateGradients(const std::vector<MicroBatch>& batches, const Pass& pass,
                                                bool average) {
  // A reducer's are views of what it sends. Made anew amid blocks that are computed again, they would leave holes in
  // the heap that the next block does not fit into: half as much memory again for vit-s-16.
  if (drops_gradients_) {
    optimizer_.DropGradients();
  } else {
    optimizer_.ZeroGradients();
  }
  const double share = 1.0 / static_cast<double>(batches.size());
  double sum = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    at::Tensor loss = ForwardLoss(spec_, model_, batches[i], pass);
    double value = loss.item<double>();
    if (!std::isfinite(value) && !diverged_) {
      GoBack();
      loss = ForwardLoss(spec_, model_, batches[i], pass);
      value = loss.item<double>();
    }
    if (!std::isfinite(value)) {
      return Error(ErrorCode::kOutOfRange,
                   "the training loss is not finite at the weights that the generation began with");
    }
    sum += value;
    EOA_RETURN_IF_ERROR(reducer_->Backward(loss.mul(share), average && i + 1 == batches.size()));
  }
  return sum * share;
}

// By the averaged gradient: what is left out here is left out by all.
Status CheckedStep::Move(double learning_rate) {
  Status status = diverged_ ? OkStatus() : optimizer_.Step(learning_rate);
  if (status.ok()) {
    ++taken_;
  } else if (status.error().code() == ErrorCode::kOutOfRange) {
    ++left_out_;
    left_out_why_ = status.error().message();
    return OkStatus();
  }
  return status;
}

Status CheckedStep::Run(const std::vector<MicroBatch>& batches, double learning_rate) {
  const bool ascends = optimizer_.ascends();
  const bool average_first = !ascends || spec_.optimizer.gradient_sync == api::GradientSync::kBothPasses;
  EOA_ASSIGN_OR_RETURN(const double loss, AccumulateGradients(batches, {.training = true}, average_first));
  if (ascends) {
    if (!diverged_) {
      const Status ascent = optimizer_.Ascend();
      // Without a finite gradient there is no ascent, but the peers wait for the second pass.
      if (!ascent.ok() && ascent.error().code() != ErrorCode::kOutOfRange) return ascent.error();
    }
    const Result<double> second = AccumulateGradients(batches, {.training = true, .track_statistics = false}, true);
    if (!second.ok()) return second.error();
  }
  EOA_RETURN_IF_ERROR(Move(learning_rate));
  loss_sum_ += loss;
  ++steps_;
  return OkStatus();
}

Status CheckedStep::EndGeneration() {
  if (!diverged_ && !AreFinite(model_.parameters().All())) GoBack();
  if (left_out_ == 0) return OkStatus();
  if (taken_ == 0) return Error(ErrorCode::kOutOfRange, "no step of the generation could be taken: " + left_out_why_);
  Log(LogLevel::kWarning, "steps were left out because of their gradient",
      {{"steps", std::to_string(left_out_)}, {"reason", left_out_why_}});
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<TrainStep>> MakeCheckedStep(const StepParts& parts) {
  EOA_ASSIGN_OR_RETURN(std::unique_ptr<GradientReducer> reducer,
                       parts.comm.MakeReducer(parts.model.parameters().Trainable()));
  return std::unique_ptr<TrainStep>(std::make_unique<CheckedStep>(parts, std::move(reducer)));
}

}  // namespace eoa::train
