#include "trainer/engine/train_step.h"

#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>

#include "common/base/log.h"
#include "trainer/engine/autocast.h"
#include "trainer/model/loss.h"

namespace eoa::train {

at::Tensor TrainStep::Loss(const MicroBatch& batch, const Pass& pass) {
  const Autocast autocast(spec_.precision);
  return CrossEntropy(model_.Forward(batch.images, pass).to(at::kFloat), batch.labels, spec_.label_smoothing);
}

void TrainStep::GoBack() {
  const at::NoGradGuard no_grad;
  diverged_ = true;
  optimizer_.Reset();
  start_.Unpack();
}

void TrainStep::BeginGeneration() {
  diverged_ = false;
  taken_ = 0;
  left_out_ = 0;
}

Result<double> TrainStep::AccumulateGradients(const std::vector<MicroBatch>& batches, const Pass& pass, bool average) {
  optimizer_.ZeroGradients();
  const double share = 1.0 / static_cast<double>(batches.size());
  double sum = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    at::Tensor loss = Loss(batches[i], pass);
    double value = loss.item<double>();
    if (!std::isfinite(value) && !diverged_) {
      GoBack();
      loss = Loss(batches[i], pass);
      value = loss.item<double>();
    }
    if (!std::isfinite(value)) {
      return Error(ErrorCode::kOutOfRange,
                   "the training loss is not finite at the weights that the generation began with");
    }
    sum += value;
    EOA_RETURN_IF_ERROR(reducer_.Backward(loss.mul(share), average && i + 1 == batches.size()));
  }
  return sum * share;
}

// By the averaged gradient: what is left out here is left out by all.
Status TrainStep::Move(double learning_rate) {
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

Result<double> TrainStep::Run(const std::vector<MicroBatch>& batches, double learning_rate) {
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
  return loss;
}

Status TrainStep::EndGeneration() {
  for (const NamedTensor& each : model_.parameters().All()) {
    if (diverged_) break;
    if (!std::isfinite(each.tensor.sum().item<double>())) GoBack();
  }
  if (left_out_ == 0) return OkStatus();
  if (taken_ == 0) return Error(ErrorCode::kOutOfRange, "no step of the generation could be taken: " + left_out_why_);
  Log(LogLevel::kWarning, "steps were left out because of their gradient",
      {{"steps", std::to_string(left_out_)}, {"reason", left_out_why_}});
  return OkStatus();
}

}  // namespace eoa::train
