// How the agent's other threads reach its loop: events queue up in an Inbox; Calls runs blocking requests, one thread
// each, and puts their answers there.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include "common/base/descriptor.h"
#include "common/base/mutex.h"
#include "common/net/http_client.h"
#include "trainer/agent/session_types.h"

namespace eoa::agent {

// Thread-safety: Put from any thread; the rest from the owner.
class Inbox {
 public:
  Inbox();

  void Put(Event event);
  std::vector<Event> TakeAll();

  // Readable (poll) while something is inside.
  int descriptor() const { return descriptor_.get(); }

 private:
  const Descriptor descriptor_;
  Mutex mutex_;
  std::vector<Event> events_ GUARDED_BY(mutex_);
};

// Thread-safety: one owner. The session bounds the calls: one heartbeat, one other request, one fetch for each
// population.
class Calls {
 public:
  explicit Calls(Inbox& inbox) : inbox_(inbox) {}

  // Cancels and joins.
  ~Calls();

  // Runs `call` on a thread of its own; what it returns goes to the inbox.
  void Start(std::function<Event(net::Cancellation*)> call);

  void CancelAll();

 private:
  struct Running {
    net::Cancellation cancellation;
    std::jthread thread;
    std::atomic<bool> done = false;
  };
  void Reap();

  Inbox& inbox_;
  std::list<Running> running_;
};

}  // namespace eoa::agent
