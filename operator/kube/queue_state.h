// QueueState: the decisions of the work queue as a value; time is an argument. WorkQueue puts a lock and waits around
// it.
//
// The rules are client-go's (util/workqueue/queue.go, delaying_queue.go) and controller-runtime's two priorities
// (designs/priorityqueue.md):
//   - a key is in the queue at most once, whatever the number of Adds;
//   - a key is processed by one worker at a time; a key added meanwhile is queued again by Done;
//   - keys of the first list and of resyncs go in the low lane and wait behind live changes, but never for ever.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "common/base/clock.h"
#include "common/base/histogram.h"
#include "operator/kube/backoff.h"
#include "operator/kube/resource_type.h"

namespace eoa::kube {

enum class Lane { kNormal, kLow };

// For the metrics that client-go calls workqueue_* .
struct WorkQueueStats {
  static constexpr std::array<double, 12> kSecondsBounds = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3,
                                                            0.01, 0.1,  1,    10,   100,  1000};
  std::size_t depth_normal = 0;  // ready to be taken
  std::size_t depth_low = 0;
  std::size_t delayed = 0;  // waiting for their time
  std::size_t processing = 0;
  std::uint64_t adds = 0;     // keys that entered the queue; an Add of a key that is there already does not count
  std::uint64_t retries = 0;  // AddAfter and AddRateLimited
  Histogram queue_seconds{kSecondsBounds};  // from ready to taken
  Histogram work_seconds{kSecondsBounds};   // from taken to Done
  Duration unfinished_work{};               // sum over the keys in processing of the time since they were taken
  Duration longest_running{};               // the longest of those
};

// Thread-safety: none.
class QueueState {
 public:
  // Of keys handed out while the low lane waits, one in this many is from the low lane.
  static constexpr int kLowLaneShare = 8;

  explicit QueueState(const KeyBackoffOptions& backoff = {}) : backoff_(backoff) {}

  // A key that waits in the low lane moves up when it is added to the normal one. Does nothing after Close.
  void Add(const ObjectKey& key, Lane lane, SteadyTime now);

  // Adds the key when `delay` has passed; of several delays for one key the soonest holds.
  void AddAfter(const ObjectKey& key, Duration delay, Lane lane, SteadyTime now);

  // AddAfter with the key's own back-off, which grows with each call until Forget. Returns the delay.
  Duration AddRateLimited(const ObjectKey& key, SteadyTime now);
  void Forget(const ObjectKey& key) { backoff_.Forget(key); }
  int failures(const ObjectKey& key) const { return backoff_.failures(key); }

  // The next key to work on, which the caller gives back by Done; nothing when none is ready.
  std::optional<ObjectKey> Take(SteadyTime now);

  // Queues the key again if it was added while it was processed.
  void Done(const ObjectKey& key, SteadyTime now);

  // When the next delayed key becomes ready.
  std::optional<SteadyTime> NextDeadline() const;

  // Takes no more keys and drops the delayed ones; what is queued is still handed out.
  void Close();
  bool closed() const { return closed_; }
  bool has_ready() const { return normal_waiting_ + low_waiting_ > 0; }
  bool idle() const { return !has_ready() && processing_.empty(); }

  WorkQueueStats stats(SteadyTime now) const;

 private:
  struct Waiting {
    Lane lane = Lane::kNormal;
    SteadyTime since;
    std::uint64_t ticket = 0;  // names the entry of the lane's deque that counts; others are left-overs of moving up
    bool queued = false;       // false: added while processing, queued by Done
  };
  struct Slot {
    ObjectKey key;
    std::uint64_t ticket = 0;
  };
  struct Delayed {
    SteadyTime due;
    Lane lane = Lane::kNormal;
  };

  void Enqueue(const ObjectKey& key, Waiting& waiting);
  void PromoteDue(SteadyTime now);
  std::optional<ObjectKey> Pop(std::deque<Slot>& lane);

  KeyBackoff backoff_;
  bool closed_ = false;
  std::unordered_map<ObjectKey, Waiting> dirty_;  // wanted: in a lane, or in processing_ and to be queued by Done
  std::unordered_map<ObjectKey, SteadyTime> processing_;  // since when
  std::deque<Slot> normal_;
  std::deque<Slot> low_;  // with what moving up left behind
  std::size_t normal_waiting_ = 0;
  std::size_t low_waiting_ = 0;
  std::unordered_map<ObjectKey, Delayed> delayed_;
  std::set<std::pair<SteadyTime, ObjectKey>> by_due_;  // of delayed_, soonest first
  std::uint64_t next_ticket_ = 0;
  int normal_in_a_row_ = 0;
  WorkQueueStats counted_;  // adds, retries and the two histograms
};

}  // namespace eoa::kube
