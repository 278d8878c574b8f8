// WorkQueue: which objects are to be reconciled, as keys. Producers add keys in any number, workers take them one by
// one.
//
//   while (true) {
//     const Result<ObjectKey> key = queue.Get(std::chrono::seconds(10));
//     if (!key.ok() && key.error().code() == ErrorCode::kCancelled) break;  // shut down and empty
//     if (!key.ok()) continue;                                             // nothing to do yet
//     if (Reconcile(*key).ok()) queue.Forget(*key); else queue.AddRateLimited(*key);
//     queue.Done(*key);
//   }
//
// The rules are in queue_state.h. A key that fails is tried again after 5 ms, 10 ms, ... 5 min, until Forget; keys are
// never dropped. Memory: one entry for each key that waits, is worked on or failed.
#pragma once

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "operator/kube/queue_state.h"

namespace eoa::kube {

// Thread-safety: every method from any thread.
class WorkQueue {
 public:
  // `clock` outlives the queue.
  explicit WorkQueue(Clock& clock, const KeyBackoffOptions& backoff = {}) : clock_(clock), state_(backoff) {}

  void Add(const ObjectKey& key, Lane lane = Lane::kNormal);
  void AddAfter(const ObjectKey& key, Duration delay, Lane lane = Lane::kNormal);

  // Returns the delay.
  Duration AddRateLimited(const ObjectKey& key);
  void Forget(const ObjectKey& key);
  int failures(const ObjectKey& key) const;

  // Waits for a key, at most `limit`. DeadlineExceeded when none came; Cancelled when the queue is shut down and empty.
  Result<ObjectKey> Get(Duration limit);

  // Must follow every Get that gave a key.
  void Done(const ObjectKey& key);

  // Takes no more keys, drops the delayed ones and wakes every Get; what is queued is still handed out.
  void ShutDown();

  // ShutDown, then waits until everything queued is done; false if it is not within `limit`.
  bool ShutDownAndDrain(Duration limit);

  WorkQueueStats stats() const;

 private:
  Clock& clock_;
  mutable Mutex mutex_;
  CondVar ready_;    // a key may be ready, or a sooner deadline is there, or the end
  CondVar drained_;  // a key is done
  QueueState state_ GUARDED_BY(mutex_);
};

}  // namespace eoa::kube
