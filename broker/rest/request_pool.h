// RequestPool: threads for what may block (a store, a token review), so that the server's own never do. Tasks have a
// key, the job or the peer that they are for. Those of one key run one after the other, and keys take turns: whoever
// asks much, or whose store hangs, occupies one thread and fills a queue of its own.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/base/mutex.h"

namespace eoa::broker {

struct RequestPoolOptions {
  int threads = 2;
  std::size_t max_waiting = 4096;         // in all
  std::size_t max_waiting_of_key = 4096;  // of one key
};

// Thread-safety: every method from any thread.
class RequestPool {
 public:
  explicit RequestPool(const RequestPoolOptions& options);

  ~RequestPool() { Stop(); }

  // Drops what waits, finishes what runs, joins. From then on nothing is run. Not from a task.
  void Stop();

  RequestPool(const RequestPool&) = delete;
  RequestPool& operator=(const RequestPool&) = delete;

  // False, and `task` is not run, when too many wait or the pool ends.
  bool Run(const std::string& key, std::function<void()> task);

 private:
  struct Queue {
    std::deque<std::function<void()>> tasks;
    bool running = false;
  };
  void Work();

  const RequestPoolOptions options_;
  Mutex mutex_;
  CondVar changed_;
  std::unordered_map<std::string, Queue> queues_ GUARDED_BY(mutex_);  // none that neither runs nor waits
  std::deque<std::string> turns_ GUARDED_BY(mutex_);                  // keys that wait and do not run
  std::size_t waiting_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace eoa::broker
