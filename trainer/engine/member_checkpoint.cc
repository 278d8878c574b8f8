#include "trainer/engine/member_checkpoint.h"

#include <utility>
#include <vector>

#include "common/base/log.h"

namespace eoa::train {

CheckpointPlan CheckpointPlan::For(const api::JobSpec& spec, const std::string& population, int member) {
  const int index = api::FindPopulation(spec, population);
  const bool first_of_pod = member % spec.population(index).members_per_pod == 0;
  const bool own_weights = spec.ecosphere.weight_merge == api::WeightMerge::kNone;
  return {.member = member,
          .writes_weights = own_weights || first_of_pod,
          .prunes = first_of_pod,
          .weights_part = own_weights ? "weights-" + std::to_string(member) : "weights",
          .optimizer_state = !spec.trainer.optimizer.reset_each_generation,
          .every_generations = spec.checkpoint.every_generations,
          .keep = spec.checkpoint.keep};
}

MemberCheckpoint::MemberCheckpoint(FileSystem& files, const std::string& directory, CheckpointPlan plan,
                                   Metadata metadata, std::function<void(int, int)> on_durable)
    : directory_(files, directory),
      plan_(std::move(plan)),
      metadata_(std::move(metadata)),
      on_durable_(std::move(on_durable)) {}

MemberCheckpoint::~MemberCheckpoint() {
  if (writing_.valid()) writing_.wait();
}

MemberCheckpoint::Held MemberCheckpoint::Take(int generation, const FlatWeights& weights,
                                              const Optimizer& optimizer) const {
  Held held{.generation = generation, .weights = {}, .copy = nullptr, .state = {}};
  // The optimizer goes on while its state is written, hence the copy.
  if (plan_.optimizer_state) held.state = optimizer.State();
  for (NamedTensor& each : held.state) {
    each.tensor =
        each.tensor.to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true, at::MemoryFormat::Contiguous);
  }
  if (plan_.writes_weights) held.weights = weights.Arrays();
  return held;
}

void MemberCheckpoint::Save(int generation, const FlatWeights& weights, const Optimizer& optimizer) {
  Held held = Take(generation, weights, optimizer);
  const MutexLock lock(mutex_);
  held_ = std::move(held);
  writing_ = std::async(std::launch::async, [this] {
    const MutexLock writes(mutex_);
    return WriteAndForget();
  });
}

void MemberCheckpoint::Hold(int generation, const FlatWeights& weights, const Optimizer& optimizer) {
  Held held = Take(generation, weights, optimizer);
  auto copy = std::make_shared<std::string>();
  for (const NamedArray& array : held.weights) copy->append(array.data);
  std::size_t begin = 0;
  for (NamedArray& array : held.weights) {
    array.data = std::string_view(*copy).substr(begin, array.data.size());
    begin += array.data.size();
  }
  held.copy = std::move(copy);
  const MutexLock lock(mutex_);
  held_ = std::move(held);
}

Status MemberCheckpoint::Write(const Held& held) const {
  if (plan_.writes_weights) {
    EOA_RETURN_IF_ERROR(directory_.Save(held.generation, plan_.weights_part, held.weights, metadata_));
  }
  if (plan_.optimizer_state) {
    std::vector<NamedArray> parts;
    for (const NamedTensor& each : held.state) parts.push_back(BorrowArray(each.name, each.tensor));
    EOA_RETURN_IF_ERROR(directory_.Save(held.generation, StatePart(), parts, metadata_));
  }
  on_durable_(held.generation, oldest_);
  return OkStatus();
}

Status MemberCheckpoint::WriteAndForget() {
  if (!held_) return OkStatus();
  Status written = Write(*held_);
  held_.reset();
  return written;
}

Status MemberCheckpoint::Wait() {
  if (!writing_.valid()) return OkStatus();
  return writing_.get();
}

void MemberCheckpoint::WriteHeld() {
  const MutexLock lock(mutex_);
  if (const Status written = WriteAndForget(); !written.ok()) {
    Log(LogLevel::kWarning, "no checkpoint at the end", {{"error", written.error().message()}});
  }
}

void MemberCheckpoint::Prune(int generation) {
  if (!plan_.prunes) return;
  const Result<int> oldest = directory_.Prune(generation, plan_.keep);
  if (oldest.ok()) {
    oldest_ = *oldest;
  } else {
    Log(LogLevel::kWarning, "old checkpoints are not removed", {{"error", oldest.error().message()}});
  }
}

Result<CheckpointPart> MemberCheckpoint::LoadOwn(int generation, const std::string& part) const {
  EOA_ASSIGN_OR_RETURN(CheckpointPart saved, directory_.Load(generation, part));
  for (const auto& [field, wanted] : metadata_) {
    const auto found = saved.contents.metadata.find(field);
    const std::string value = found == saved.contents.metadata.end() ? "" : found->second;
    if (value == wanted) continue;
    return FailedPreconditionError("checkpoint " + std::to_string(generation) + " (" + part +
                                   ") is not this job's: its " + field + " is '" + value + "', this job's '" + wanted +
                                   "'; remove the checkpoint directory, or run the job that it belongs to");
  }
  return saved;
}

Status MemberCheckpoint::Load(int generation, FlatWeights& weights, Optimizer& optimizer) const {
  EOA_ASSIGN_OR_RETURN(const CheckpointPart saved, LoadOwn(generation, plan_.weights_part));
  weights.Scale(0);
  EOA_RETURN_IF_ERROR(weights.Add(saved.contents, 1));
  if (!plan_.optimizer_state) return OkStatus();
  EOA_ASSIGN_OR_RETURN(const CheckpointPart part, LoadOwn(generation, StatePart()));
  std::vector<NamedTensor> state;
  for (const NamedArray& array : part.contents.arrays) state.push_back({array.name, BorrowTensor(array)});
  return optimizer.LoadState(state);
}

}  // namespace eoa::train
