// Workers: threads that take keys from the queue and reconcile them. A key whose reconcile fails comes back with a
// growing delay, whatever the error; no key is ever dropped.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
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

namespace eoa::cluster {

// What came of reconciling one key.
struct ReconcileResult {
  Status status;                          // not ok: again, with back-off
  std::optional<Duration> requeue_after;  // ok: again then, if nothing changes before
  bool terminal = false;                  // the error will not go away by itself: counted apart
};
using ReconcileFunction = std::function<ReconcileResult(const kube::ObjectKey& key)>;

// Counted since the start, as controller-runtime does.
struct WorkersStats {
  // Upper bounds in seconds; one more bucket is above them all.
  static constexpr std::array<double, 40> kSecondsBounds = {
      0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5,
      1.75,  2.0,  2.5,   3.0,  3.5, 4.0,  4.5, 5,    6,   7,    8,   9,    10,  15,  20,  25,  30,  40,  50,   60};
  std::uint64_t success = 0;
  std::uint64_t error = 0;
  std::uint64_t requeue = 0;  // a conflict: again at once
  std::uint64_t requeue_after = 0;
  std::uint64_t terminal_errors = 0;
  std::uint64_t panics = 0;  // exceptions
  int active = 0;
  int workers = 0;
  std::array<std::uint64_t, kSecondsBounds.size() + 1> counts{};  // by bucket, not cumulative
  double sum_seconds = 0;
};

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

  WorkersStats stats() const;

 private:
  void Run();
  ReconcileResult Guarded(const kube::ObjectKey& key);
  void Finish(const kube::ObjectKey& key, const ReconcileResult& outcome, Duration took);

  kube::WorkQueue& queue_;
  Clock& clock_;
  const ReconcileFunction reconcile_;
  std::atomic<bool> stopping_{false};
  mutable Mutex mutex_;
  WorkersStats stats_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace eoa::cluster
