#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/record_function.h>

#include "common/base/log.h"
#include "trainer/comm/flat_gradients.h"
#include "trainer/comm/torch_error.h"
#include "trainer/device/readback.h"
#include "trainer/device/recorded_work.h"
#include "trainer/engine/forward_loss.h"
#include "trainer/engine/train_step.h"
#include "trainer/optim/gradient_norm.h"

namespace eoa::train {
namespace {

// Steps that may be on their way: enough to hide the host's pauses, few enough to see a divergence soon.
constexpr int kMostPending = 4;

class QueuedStep final : public TrainStep {
 public:
  explicit QueuedStep(const StepParts& parts);
  Status MakeReducer();

  void BeginGeneration() override;
  Status Run(const std::vector<MicroBatch>& batches, double learning_rate) override;
  Status EndGeneration() override;
  double mean_loss() const override { return known_ == 0 ? 0 : loss_sum_ / static_cast<double>(known_); }
  bool diverged() const override { return diverged_; }
  Duration waited() const override;

 private:
  // What a step consists of; each may be recorded.
  void ClearGradients();
  void FirstPass();   // over input_
  void SecondPass();  // likewise, at the ascended weights
  void Ascend();
  void Move();
  void WholeStep();

  void Backward(const at::Tensor& loss, bool average);
  void RunParts(const std::vector<MicroBatch>& batches);
  void Average();
  void TakeInput(const MicroBatch& batch);
  Status TakeReport();
  void GoBack();
  bool average_first() const {
    return !optimizer_.ascends() || spec_.optimizer.gradient_sync == api::GradientSync::kBothPasses;
  }

  const api::TrainerSpec& spec_;
  Model& model_;
  Optimizer& optimizer_;
  Comm& comm_;
  const FlatWeights& start_;
  const c10::Device device_;
  std::unique_ptr<FlatGradients> gradients_;  // of a group whose steps are recorded
  std::unique_ptr<GradientReducer> reducer_;  // of one whose steps are not
  bool average_backward_ = false;             // the next Backward() is the one that reducer_ averages after
  Status failed_ = OkStatus();                // of averaging
  MicroBatch input_;
  double share_ = 1;     // of each micro-batch in the step's loss; the same in all steps
  at::Tensor rate_;      // scalars on the device
  at::Tensor hold_;      // 1: this member has diverged and stays where it is
  at::Tensor left_out_;  // 1: the last step's gradient was not finite
  at::Tensor loss_;      // of the step
  at::Tensor report_;    // [2]: loss_ and left_out_
  double rate_set_ = -1;
  std::unique_ptr<RecordedWork> whole_, clear_, first_, second_, ascend_, move_;
  std::unique_ptr<Readback> reports_;

  bool diverged_ = false;
  std::int64_t went_back_at_ = 0;  // reports up to this one are of weights from before
  std::int64_t sent_ = 0;
  std::int64_t received_ = 0;
  double loss_sum_ = 0;
  std::int64_t known_ = 0;
  std::int64_t taken_ = 0;
  std::int64_t skipped_ = 0;
};

QueuedStep::QueuedStep(const StepParts& parts)
    : spec_(parts.spec),
      model_(parts.model),
      optimizer_(parts.optimizer),
      comm_(parts.comm),
      start_(parts.start),
      device_(parts.model.parameters().parameters().front().tensor.device()) {
  const auto scalar = at::TensorOptions(at::kFloat).device(device_);
  rate_ = at::zeros({}, scalar);
  hold_ = at::zeros({}, scalar);
  left_out_ = at::zeros({}, scalar);
  loss_ = at::zeros({}, scalar);
  report_ = at::zeros({2}, scalar);
  reports_ = Readback::Make(device_, 2);
  // Recomputing a block in backward puts former random numbers back, which a recording cannot.
  const bool random = spec_.model.dropout > 0 || spec_.model.attention_dropout > 0 || spec_.model.stochastic_depth > 0;
  const bool record = spec_.device.graphs && !(spec_.activation_checkpointing && random);
  const auto make = [&](void (QueuedStep::*work)()) {
    return RecordedWork::Make(device_, record, [this, work] { (this->*work)(); });
  };
  whole_ = make(&QueuedStep::WholeStep);
  clear_ = make(&QueuedStep::ClearGradients);
  first_ = make(&QueuedStep::FirstPass);
  second_ = make(&QueuedStep::SecondPass);
  ascend_ = make(&QueuedStep::Ascend);
  move_ = make(&QueuedStep::Move);
}

Status QueuedStep::MakeReducer() {
  optimizer_.ZeroGradients();
  if (comm_.size() == 1) return OkStatus();
  if (spec_.device.graphs) {
    gradients_ = std::make_unique<FlatGradients>(
        comm_, model_.parameters().Trainable(),
        spec_.device.gradient_compression == api::GradientCompression::kBf16 ? at::kBFloat16 : at::kFloat);
    return OkStatus();
  }
  EOA_ASSIGN_OR_RETURN(reducer_, comm_.MakeReducer(model_.parameters().Trainable()));
  return OkStatus();
}

Duration QueuedStep::waited() const {
  if (gradients_) return gradients_->waited();
  return reducer_ ? reducer_->waited() : Duration::zero();
}

void QueuedStep::ClearGradients() { optimizer_.ZeroGradients(); }

void QueuedStep::Backward(const at::Tensor& loss, bool average) {
  if (!reducer_) {
    RECORD_USER_SCOPE("backward");
    return loss.backward();
  }
  const Status status = reducer_->Backward(loss, average);
  if (!status.ok() && failed_.ok()) failed_ = status;
}

void QueuedStep::FirstPass() {
  const at::Tensor loss = ForwardLoss(spec_, model_, input_, {.training = true}).mul(share_);
  {
    const at::NoGradGuard no_grad;
    loss_.add_(loss);
  }
  Backward(loss, average_backward_);
}

void QueuedStep::SecondPass() {
  Backward(ForwardLoss(spec_, model_, input_, {.training = true, .track_statistics = false}).mul(share_),
           average_backward_);
}

void QueuedStep::Ascend() { optimizer_.AscendQueued(); }

void QueuedStep::Move() {
  const at::NoGradGuard no_grad;
  optimizer_.StepQueued(rate_, hold_, left_out_);
  report_.copy_(at::stack({loss_, left_out_}));
  loss_.zero_();
}

void QueuedStep::WholeStep() {
  ClearGradients();
  FirstPass();
  if (optimizer_.ascends()) {
    Ascend();
    ClearGradients();
    SecondPass();
  }
  Move();
}

void QueuedStep::TakeInput(const MicroBatch& batch) {
  if (!input_.images.defined()) {
    input_ = {.images = at::empty_like(batch.images), .labels = at::empty_like(batch.labels)};
    if (batch.share.defined()) input_.share = at::empty_like(batch.share);
  }
  if (batch.share.defined()) input_.share.copy_(batch.share, /*non_blocking=*/true);
  input_.images.copy_(batch.images, /*non_blocking=*/true);
  input_.labels.copy_(batch.labels, /*non_blocking=*/true);
}

void QueuedStep::Average() {
  if (!gradients_) return;
  const Status status = gradients_->Average();
  if (!status.ok() && failed_.ok()) failed_ = status;
}

void QueuedStep::RunParts(const std::vector<MicroBatch>& batches) {
  const auto pass = [&](RecordedWork& work, bool average) {
    clear_->Run();
    for (std::size_t i = 0; i < batches.size(); ++i) {
      TakeInput(batches[i]);
      average_backward_ = average && i + 1 == batches.size();
      work.Run();
    }
    if (average) Average();
  };
  pass(*first_, average_first());
  if (optimizer_.ascends()) {
    ascend_->Run();
    pass(*second_, true);
  }
  move_->Run();
}

Status QueuedStep::Run(const std::vector<MicroBatch>& batches, double learning_rate) {
  while (reports_->pending() >= kMostPending) EOA_RETURN_IF_ERROR(TakeReport());
  share_ = 1.0 / static_cast<double>(batches.size());
  EOA_RETURN_IF_ERROR(CatchTorchErrors("training step", [&] {
    if (learning_rate != rate_set_) {
      // What a float cannot hold becomes infinite, and so do the weights.
      rate_.fill_(static_cast<float>(learning_rate));
      rate_set_ = learning_rate;
    }
    if (comm_.size() == 1 && batches.size() == 1) {
      TakeInput(batches.front());
      whole_->Run();
    } else {
      RunParts(batches);
    }
    reports_->Send(report_);
  }));
  ++sent_;
  return failed_;
}

// Reports of steps that were under way when the member went back are ignored: they are about weights that are gone.
Status QueuedStep::TakeReport() {
  std::vector<float> report;
  EOA_RETURN_IF_ERROR(CatchTorchErrors("training step", [&] { report = reports_->Take(); }));
  ++received_;
  (report[1] == 0 ? taken_ : skipped_) += 1;
  if (std::isfinite(report[0])) {
    loss_sum_ += report[0];
    ++known_;
    return OkStatus();
  }
  if (!diverged_) {
    went_back_at_ = sent_;
    return CatchTorchErrors("going back to the weights that the generation began with", [&] { GoBack(); });
  }
  if (received_ <= went_back_at_) return OkStatus();
  return Error(ErrorCode::kOutOfRange, "the training loss is not finite at the weights that the generation began with");
}

void QueuedStep::GoBack() {
  const at::NoGradGuard no_grad;
  diverged_ = true;
  optimizer_.Reset();
  start_.Unpack();
  hold_.fill_(1);
}

void QueuedStep::BeginGeneration() {
  const at::NoGradGuard no_grad;
  diverged_ = false;
  hold_.zero_();
  loss_.zero_();
  loss_sum_ = 0;
  known_ = 0;
  taken_ = 0;
  skipped_ = 0;
}

Status QueuedStep::EndGeneration() {
  while (reports_->pending() > 0) EOA_RETURN_IF_ERROR(TakeReport());
  EOA_RETURN_IF_ERROR(CatchTorchErrors("looking at the weights", [&] {
    if (!diverged_ && !AreFinite(model_.parameters().All())) GoBack();
  }));
  if (skipped_ == 0) return OkStatus();
  if (taken_ == 0 && !diverged_) {
    return Error(ErrorCode::kOutOfRange, "no step of the generation could be taken: the gradients were not finite");
  }
  Log(LogLevel::kWarning, "steps were left out because of their gradient", {{"steps", std::to_string(skipped_)}});
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<TrainStep>> MakeQueuedStep(const StepParts& parts) {
  auto step = std::make_unique<QueuedStep>(parts);
  EOA_RETURN_IF_ERROR(step->MakeReducer());
  return std::unique_ptr<TrainStep>(std::move(step));
}

}  // namespace eoa::train
