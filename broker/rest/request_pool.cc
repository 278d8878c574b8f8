#include "broker/rest/request_pool.h"

#include <exception>
#include <utility>

#include "common/base/log.h"

namespace eoa::broker {
namespace {

// A bug in one request's handling must not end the process that serves all the others.
void RunGuarded(const std::function<void()>& task) {
  try {
    task();
  } catch (const std::exception& error) {
    Log(LogLevel::kError, "a request's work threw", {{"error", error.what()}});
  }
}

}  // namespace

RequestPool::RequestPool(const RequestPoolOptions& options) : options_(options) {
  for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { Work(); });
}

void RequestPool::Stop() {
  std::unordered_map<std::string, Queue> dropped;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    dropped.swap(queues_);
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool RequestPool::Run(const std::string& key, std::function<void()> task) {
  {
    const MutexLock lock(mutex_);
    if (stopping_ || waiting_ >= options_.max_waiting) return false;
    Queue& queue = queues_[key];
    if (queue.tasks.size() >= options_.max_waiting_of_key) return false;
    queue.tasks.push_back(std::move(task));
    ++waiting_;
    if (queue.running || queue.tasks.size() > 1) return true;
    turns_.push_back(key);
  }
  changed_.NotifyOne();
  return true;
}

void RequestPool::Work() {
  for (;;) {
    std::string key;
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      changed_.Wait(mutex_, [this]() REQUIRES(mutex_) { return stopping_ || !turns_.empty(); });
      if (stopping_) return;
      key = std::move(turns_.front());
      turns_.pop_front();
      Queue& queue = queues_[key];
      queue.running = true;
      task = std::move(queue.tasks.front());
      queue.tasks.pop_front();
      --waiting_;
    }
    RunGuarded(task);
    task = nullptr;  // what it holds may answer a request as it goes
    const MutexLock lock(mutex_);
    if (stopping_) return;
    const auto found = queues_.find(key);
    found->second.running = false;
    if (found->second.tasks.empty()) {
      queues_.erase(found);
    } else {
      turns_.push_back(std::move(key));
    }
  }
}

}  // namespace eoa::broker
