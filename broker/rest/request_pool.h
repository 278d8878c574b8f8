// RequestPool: threads for what may block (a store, a token review), so that the server's own never do.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

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
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool stopping_ = false;                      // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace eoa::broker
