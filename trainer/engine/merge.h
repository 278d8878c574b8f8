// How a group's weights become one at a generation's end. Weights are parameters and batch-norm statistics alike.
#pragma once

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/comm/comm.h"
#include "trainer/config/worker_protocol.h"
#include "trainer/engine/flat_weights.h"

namespace eoa::train {

// Collective. Replaces the weights by their mean over the members that take part; returns how many do. With none the
// weights stay as they are. One all-reduce.
Result<int> AverageWeights(Comm& comm, FlatWeights& weights, bool takes_part);

// Collective. The same, but only member `root` has the mean afterwards; the others' weights are useless until
// CopyWeights. At least one member must take part.
Status AverageWeightsAt(Comm& comm, FlatWeights& weights, bool takes_part, int root);

// Collective. Replaces the weights by those of member `root`.
Status CopyWeights(Comm& comm, FlatWeights& weights, int root);

// The rank, within the group that merges, of the member whose weights `merge` names; nothing when the mean is meant. A
// group is a population, or with gradientScope Ecosphere all of them.
std::optional<int> RootOfMerge(const api::JobSpec& spec, const std::string& population, const MergeMessage& merge);

// World rank of a population's member 0: ranks go by population, in the order of the job.
int FirstRank(const api::JobSpec& spec, int population);

}  // namespace eoa::train
