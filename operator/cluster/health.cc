#include "operator/cluster/health.h"

#include <numeric>

namespace eoa::cluster {
namespace {

// Counts the steps of the reflector's thread; it stands still only when the thread hangs.
std::uint64_t ActivityCount(const kube::ReflectorCounts& counts) {
  return std::accumulate(counts.lists.begin(), counts.lists.end(), std::uint64_t{0}) + counts.list_failures +
         counts.watches + std::accumulate(counts.watch_ends.begin(), counts.watch_ends.end(), std::uint64_t{0}) +
         counts.events + counts.bookmarks;
}

std::string InSeconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

}  // namespace

std::optional<std::string> Health::Fault(const std::vector<CacheStats>& caches, const kube::WorkQueueStats& queue,
                                         SteadyTime now) {
  if (queue.longest_running > limits_.worker) {
    return "a worker has been busy with one job for " + InSeconds(queue.longest_running);
  }
  const MutexLock lock(mutex_);
  std::optional<std::string> fault;
  for (const CacheStats& cache : caches) {
    const std::uint64_t activity = ActivityCount(cache.reflector.counts);
    const auto [mark, is_new] =
        marks_.try_emplace(std::string(cache.resource) + "/" + cache.name_space, Mark{activity, now});
    if (!is_new && mark->second.activity != activity) mark->second = {activity, now};
    const Duration idle = now - mark->second.since;
    if (idle > limits_.reflector) {
      fault = "the watch of " + std::string(cache.resource) + " has done nothing for " + InSeconds(idle);
    }
  }
  return fault;
}

}  // namespace eoa::cluster
