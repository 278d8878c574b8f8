#include "operator/kube/work_queue.h"

#include <algorithm>
#include <optional>

namespace eoa::kube {

void WorkQueue::Add(const ObjectKey& key, Lane lane) {
  const MutexLock lock(mutex_);
  state_.Add(key, lane, clock_.SteadyNow());
  ready_.NotifyOne();
}

void WorkQueue::AddAfter(const ObjectKey& key, Duration delay, Lane lane) {
  const MutexLock lock(mutex_);
  state_.AddAfter(key, delay, lane, clock_.SteadyNow());
  // A waiting Get may have to wake sooner now.
  ready_.NotifyOne();
}

Duration WorkQueue::AddRateLimited(const ObjectKey& key) {
  const MutexLock lock(mutex_);
  const Duration delay = state_.AddRateLimited(key, clock_.SteadyNow());
  ready_.NotifyOne();
  return delay;
}

void WorkQueue::Forget(const ObjectKey& key) {
  const MutexLock lock(mutex_);
  state_.Forget(key);
}

int WorkQueue::failures(const ObjectKey& key) const {
  const MutexLock lock(mutex_);
  return state_.failures(key);
}

Result<ObjectKey> WorkQueue::Get(Duration limit) {
  MutexLock lock(mutex_);
  const SteadyTime deadline = clock_.SteadyNow() + limit;
  while (true) {
    const SteadyTime now = clock_.SteadyNow();
    if (std::optional<ObjectKey> key = state_.Take(now)) {
      // This thread may be the only one that knew of the next deadline; and one notification may have stood for several
      // keys that became due together.
      if (state_.has_ready() || state_.NextDeadline()) ready_.NotifyOne();
      return *std::move(key);
    }
    if (state_.closed()) return CancelledError("the work queue is shut down");
    if (now >= deadline) return DeadlineExceededError("no key became ready in time");
    const SteadyTime wake = std::min(deadline, state_.NextDeadline().value_or(deadline));
    ready_.WaitFor(mutex_, wake - now);
  }
}

void WorkQueue::Done(const ObjectKey& key) {
  const MutexLock lock(mutex_);
  state_.Done(key, clock_.SteadyNow());
  if (state_.has_ready()) ready_.NotifyOne();
  if (state_.idle()) drained_.NotifyAll();
}

void WorkQueue::ShutDown() {
  const MutexLock lock(mutex_);
  state_.Close();
  ready_.NotifyAll();
  if (state_.idle()) drained_.NotifyAll();
}

bool WorkQueue::ShutDownAndDrain(Duration limit) {
  ShutDown();
  MutexLock lock(mutex_);
  return drained_.WaitFor(mutex_, limit, [this]() REQUIRES(mutex_) { return state_.idle(); });
}

WorkQueueStats WorkQueue::stats() const {
  const MutexLock lock(mutex_);
  return state_.stats(clock_.SteadyNow());
}

}  // namespace eoa::kube
