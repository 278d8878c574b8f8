#include "trainer/engine/merge.h"

#include <cmath>

namespace eoa::train {

Result<int> AverageWeights(Comm& comm, FlatWeights& weights, bool takes_part) {
  at::Tensor sum = weights.values_and_share();
  at::Tensor share = sum.narrow(0, weights.values().numel(), 1);
  const at::Tensor own = takes_part ? at::Tensor() : weights.values().clone();
  if (!takes_part) sum.zero_();
  share.fill_(takes_part ? 1 : 0);
  EOA_RETURN_IF_ERROR(comm.AllReduceSum(sum));
  const int count = static_cast<int>(std::lround(share.item<float>()));
  if (count > 1) weights.Scale(1.0 / count);
  if (count == 0) weights.values().copy_(own);
  return count;
}

Status AverageWeightsAt(Comm& comm, FlatWeights& weights, bool takes_part, int root) {
  at::Tensor sum = weights.values_and_share();
  at::Tensor share = sum.narrow(0, weights.values().numel(), 1);
  if (!takes_part) sum.zero_();
  share.fill_(takes_part ? 1 : 0);
  EOA_RETURN_IF_ERROR(comm.ReduceSum(sum, root));
  if (comm.rank() == root) weights.Scale(1.0 / std::round(share.item<double>()));
  return OkStatus();
}

Status CopyWeights(Comm& comm, FlatWeights& weights, int root) {
  at::Tensor values = weights.values();
  return comm.Broadcast(values, root);
}

int FirstRank(const api::JobSpec& spec, int population) {
  int rank = 0;
  for (int i = 0; i < population; ++i) rank += spec.population(i).members;
  return rank;
}

std::optional<int> RootOfMerge(const api::JobSpec& spec, const std::string& population, const MergeMessage& merge) {
  const int elected = api::FindPopulation(spec, merge.population);
  if (elected < 0) return std::nullopt;
  if (spec.ecosphere.gradient_scope == api::GradientScope::kEcosphere) return FirstRank(spec, elected) + merge.member;
  if (merge.population != population) return std::nullopt;
  return merge.member;
}

}  // namespace eoa::train
