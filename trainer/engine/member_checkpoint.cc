#include "trainer/engine/member_checkpoint.h"

#include <utility>
#include <vector>

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
                                   Metadata metadata, std::function<void(int)> on_durable)
    : directory_(files, directory),
      plan_(std::move(plan)),
      metadata_(std::move(metadata)),
      on_durable_(std::move(on_durable)) {}

MemberCheckpoint::~MemberCheckpoint() {
  if (writing_.valid()) writing_.wait();
}

void MemberCheckpoint::Save(int generation, const FlatWeights& weights, const Optimizer& optimizer) {
  // The optimizer goes on while its state is written, hence the copy.
  std::vector<NamedTensor> state;
  if (plan_.optimizer_state) state = optimizer.State();
  for (NamedTensor& each : state) {
    each.tensor =
        each.tensor.to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true, at::MemoryFormat::Contiguous);
  }
  // The weights stay as they are until the generation ends; the next one begins with Wait().
  std::vector<NamedArray> arrays;
  if (plan_.writes_weights) arrays = weights.Arrays();
  writing_ = std::async(std::launch::async,
                        [this, generation, arrays = std::move(arrays), state = std::move(state)]() -> Status {
                          if (plan_.writes_weights) {
                            EOA_RETURN_IF_ERROR(directory_.Save(generation, plan_.weights_part, arrays, metadata_));
                          }
                          if (plan_.optimizer_state) {
                            std::vector<NamedArray> parts;
                            for (const NamedTensor& each : state) parts.push_back(BorrowArray(each.name, each.tensor));
                            EOA_RETURN_IF_ERROR(directory_.Save(generation, StatePart(), parts, metadata_));
                          }
                          if (plan_.prunes) EOA_RETURN_IF_ERROR(directory_.Prune(generation, plan_.keep));
                          on_durable_(generation);
                          return OkStatus();
                        });
}

Status MemberCheckpoint::Wait() {
  if (!writing_.valid()) return OkStatus();
  Status status = writing_.get();
  if (status.ok()) return status;
  return std::move(status).error().WithContext("writing a checkpoint");
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
