// Which sample is trained on when, and by which member: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace eoa::train {

// The samples that member `rank` of `world` trains on in `epoch`, in this order. Each epoch shuffles `samples` anew (a
// Fisher-Yates shuffle by a stream of its own under `seed`) and deals them out in equal, disjoint shards of
// samples.size() / world; the remainder, fewer than `world` samples and others each epoch, is left out, so that all
// members take the same number of steps. Needs 0 <= rank < world.
std::vector<std::uint32_t> EpochOrder(std::uint64_t seed, std::int64_t epoch, std::span<const std::uint32_t> samples,
                                      int rank, int world);

// The samples that member `rank` of `world` evaluates: a contiguous part of `samples` in their order. The parts of all
// members are disjoint, hold every sample once, and differ in size by one at most; one may be empty.
std::vector<std::uint32_t> EvaluationShard(std::span<const std::uint32_t> samples, int rank, int world);

}  // namespace eoa::train
