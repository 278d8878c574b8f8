#include "operator/cluster/workers.h"

#include <exception>
#include <utility>

#include "common/base/log.h"

namespace eoa::cluster {

Workers::Workers(kube::WorkQueue& queue, Clock& clock, ReconcileFunction reconcile)
    : queue_(queue), clock_(clock), reconcile_(std::move(reconcile)) {}

Workers::~Workers() {
  stopping_ = true;
  queue_.ShutDown();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::Start(int count) {
  {
    const MutexLock lock(mutex_);
    stats_.workers = count;
  }
  for (int i = 0; i < count; ++i) threads_.emplace_back([this] { Run(); });
}

bool Workers::Drain(Duration limit) {
  stopping_ = true;
  queue_.ShutDown();
  const SteadyTime deadline = clock_.SteadyNow() + limit;
  while (queue_.stats().processing > 0) {
    if (clock_.SteadyNow() >= deadline) return false;
    clock_.SleepFor(std::chrono::milliseconds(10));
  }
  return true;
}

metrics::ReconcileSnapshot Workers::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void Workers::Run() {
  while (!stopping_) {
    const Result<kube::ObjectKey> key = queue_.Get(std::chrono::seconds(10));
    if (!key.ok() && key.error().code() == ErrorCode::kCancelled) return;
    if (!key.ok()) continue;
    if (!stopping_) {
      const SteadyTime begun = clock_.SteadyNow();
      {
        const MutexLock lock(mutex_);
        ++stats_.active;
      }
      const ReconcileResult outcome = Guarded(*key);
      Finish(*key, outcome, clock_.SteadyNow() - begun);
    }
    queue_.Done(*key);
  }
}

ReconcileResult Workers::Guarded(const kube::ObjectKey& key) {
  // A bug in one job's handling must not end training of all the others.
  try {
    return reconcile_(key);
  } catch (const std::exception& exception) {
    {
      const MutexLock lock(mutex_);
      ++stats_.panics;
    }
    return {InternalError(std::string("unexpected: ") + exception.what()), std::nullopt, false};
  }
}

void Workers::Finish(const kube::ObjectKey& key, const ReconcileResult& outcome, Duration took) {
  const bool conflict = !outcome.status.ok() && outcome.status.error().code() == ErrorCode::kAborted;
  Duration delay{};
  if (!outcome.status.ok()) {
    delay = queue_.AddRateLimited(key);
  } else {
    queue_.Forget(key);
    if (outcome.requeue_after) queue_.AddAfter(key, *outcome.requeue_after);
  }
  {
    const MutexLock lock(mutex_);
    --stats_.active;
    if (conflict) {
      ++stats_.requeue;
    } else if (!outcome.status.ok()) {
      ++stats_.error;
      if (outcome.terminal) ++stats_.terminal_errors;
    } else if (outcome.requeue_after) {
      ++stats_.requeue_after;
    } else {
      ++stats_.success;
    }
    stats_.seconds.Observe(ToSeconds(took));
  }
  if (!outcome.status.ok()) {
    Log(conflict ? LogLevel::kInfo : LogLevel::kWarning, conflict ? "job changed meanwhile" : "job not reconciled",
        {{"job", ToString(key)},
         {"error", outcome.status.error().message()},
         {"again_in_seconds", std::to_string(ToSeconds(delay))}});
  }
}

}  // namespace eoa::cluster
