// Mutex, MutexLock, CondVar: the standard library's lock and condition variable, with the annotations that let Clang
// check their use (common/base/thread_annotations.h). The only locks of this program.
//
//   void Put(int value) {
//     const MutexLock lock(mutex_);
//     values_.push_back(value);
//     changed_.NotifyOne();
//   }
//   std::optional<int> Take(Duration limit) {
//     const MutexLock lock(mutex_);
//     const auto any = [this]() REQUIRES(mutex_) { return !values_.empty(); };
//     if (!changed_.WaitFor(mutex_, limit, any)) return std::nullopt;
//     ...
//   }
//
//   Mutex mutex_;
//   CondVar changed_;
//   std::deque<int> values_ GUARDED_BY(mutex_);
#pragma once

#include <condition_variable>
#include <mutex>

#include "common/base/clock.h"
#include "common/base/thread_annotations.h"

namespace eoa {

// Not recursive: a thread that takes it twice waits for ever.
class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }
  // True: it is held now. Never waits.
  bool TryLock() TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a mutex from here to the end of the block, or to Unlock().
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // Before the end of the block; and again.
  void Unlock() RELEASE() {
    held_ = false;
    mutex_.Unlock();
  }
  void Lock() ACQUIRE() {
    mutex_.Lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// Wakes threads that wait for something that a mutex guards. Every wait gives the mutex back while it lasts and holds it
// again when it returns. `holds` is the condition, a lambda with REQUIRES(mutex).
class CondVar {
 public:
  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

  template <typename Condition>
  void Wait(Mutex& mutex, Condition holds) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    Held held(mutex);
    changed_.wait(held.lock, holds);
  }

  // False: it still does not hold, and the time is over.
  template <typename Condition>
  bool WaitUntil(Mutex& mutex, SteadyTime deadline, Condition holds) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    Held held(mutex);
    return changed_.wait_until(held.lock, deadline, holds);
  }
  template <typename Condition>
  bool WaitFor(Mutex& mutex, Duration limit, Condition holds) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    Held held(mutex);
    return changed_.wait_for(held.lock, limit, holds);
  }

  // Until somebody notifies, the time is over, or for no reason: for a caller that looks at everything again.
  void WaitFor(Mutex& mutex, Duration limit) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    Held held(mutex);
    changed_.wait_for(held.lock, limit);
  }

 private:
  // The standard's lock over a mutex that the caller holds before and after.
  struct Held {
    explicit Held(Mutex& mutex) : lock(mutex.mutex_, std::adopt_lock) {}
    ~Held() { lock.release(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    std::unique_lock<std::mutex> lock;
  };

  std::condition_variable changed_;
};

}  // namespace eoa
