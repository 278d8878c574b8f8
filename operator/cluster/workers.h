// Workers: threads that take keys from the queue and reconcile them. A key whose reconcile fails comes back with a
// growing delay, whatever the error; no key is ever dropped.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "operator/kube/resource_type.h"
#include "operator/kube/work_queue.h"
#include "operator/metrics/snapshots.h"

namespace eoa::cluster {

// What came of reconciling one key.
struct ReconcileResult {
  Status status;                          // not ok: again, with back-off
  std::optional<Duration> requeue_after;  // ok: again then, if nothing changes before
  bool terminal = false;                  // the error will not go away by itself: counted apart
};
using ReconcileFunction = std::function<ReconcileResult(const kube::ObjectKey& key)>;

// Thread-safety: every method from any thread.
class Workers {
 public:
  // `queue` and `clock` outlive it.
  Workers(kube::WorkQueue& queue, Clock& clock, ReconcileFunction reconcile);

  // Drain(0).
  ~Workers();

  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Once.
  void Start(int count);

  // Ends the queue and waits for what is being worked on; false when that takes longer than `limit`. What is queued and
  // not begun is left: another process will find it.
  bool Drain(Duration limit);

  metrics::ReconcileSnapshot stats() const;

 private:
  void Run();
  ReconcileResult Guarded(const kube::ObjectKey& key);
  void Finish(const kube::ObjectKey& key, const ReconcileResult& outcome, Duration took);

  kube::WorkQueue& queue_;
  Clock& clock_;
  const ReconcileFunction reconcile_;
  std::atomic<bool> stopping_{false};
  mutable Mutex mutex_;
  metrics::ReconcileSnapshot stats_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace eoa::cluster
