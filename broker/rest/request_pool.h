// RequestPool: threads for what may block (a store, a token review), so that the server's own never do.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "common/base/mutex.h"

namespace eoa::broker {

// Thread-safety: every method from any thread.
class RequestPool {
 public:
  RequestPool(int threads, std::size_t max_waiting);

  ~RequestPool() { Stop(); }

  // Drops what waits, finishes what runs, joins. From then on nothing is run. Not from a task.
  void Stop();

  RequestPool(const RequestPool&) = delete;
  RequestPool& operator=(const RequestPool&) = delete;

  // False, and `task` is not run, when too many wait or the pool ends.
  bool Run(std::function<void()> task);

 private:
  void Work();

  const std::size_t max_waiting_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace eoa::broker
