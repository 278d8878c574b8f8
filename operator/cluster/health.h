// Health: whether this process still does its work, as /healthz tells the kubelet, which restarts it otherwise. An API
// server that is away is no reason to restart: that would not bring it back. A thread that hangs is a reason.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "operator/cluster/job_cache.h"
#include "operator/kube/work_queue.h"

namespace eoa::cluster {

struct HealthLimits {
  Duration reflector = std::chrono::minutes(15);  // longer than any watch, list or back-off lasts
  Duration worker = std::chrono::minutes(5);      // longer than all requests of one reconcile together may take
};

// Thread-safety: every method from any thread.
class Health {
 public:
  explicit Health(HealthLimits limits = {}) : limits_(limits) {}

  // Why this process should be restarted; nothing: it works. To be asked regularly: a reflector is stuck when it has
  // done nothing between two calls that are `limits.reflector` apart.
  std::optional<std::string> Fault(const std::vector<CacheStats>& caches, const kube::WorkQueueStats& queue,
                                   SteadyTime now);

 private:
  struct Mark {
    std::uint64_t activity = 0;
    SteadyTime since;
  };
  const HealthLimits limits_;
  Mutex mutex_;
  std::map<std::string, Mark> marks_ GUARDED_BY(mutex_);  // by resource and namespace
};

}  // namespace eoa::cluster
