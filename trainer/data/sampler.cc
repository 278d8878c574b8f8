#include "trainer/data/sampler.h"

#include "common/base/check.h"
#include "common/base/random.h"
#include "trainer/data/shuffle.h"

namespace eoa::train {

std::vector<std::uint32_t> EpochOrder(std::uint64_t seed, std::int64_t epoch, std::span<const std::uint32_t> samples,
                                      int rank, int world) {
  EOA_CHECK(0 <= rank && rank < world, "a rank within its world");
  std::vector<std::uint32_t> order(samples.begin(), samples.end());
  SeededRandom random(seed, {HashName("data/epoch"), static_cast<std::uint64_t>(epoch)});
  Shuffle(random, order);
  const std::size_t shard = order.size() / static_cast<std::size_t>(world);
  const auto begin = order.begin() + static_cast<std::ptrdiff_t>(shard) * rank;
  return {begin, begin + static_cast<std::ptrdiff_t>(shard)};
}

std::vector<std::uint32_t> EvaluationShard(std::span<const std::uint32_t> samples, int rank, int world) {
  EOA_CHECK(0 <= rank && rank < world, "a rank within its world");
  const auto part = [&](int index) {
    return samples.size() * static_cast<std::size_t>(index) / static_cast<std::size_t>(world);
  };
  const auto shard = samples.subspan(part(rank), part(rank + 1) - part(rank));
  return {shard.begin(), shard.end()};
}

}  // namespace eoa::train
