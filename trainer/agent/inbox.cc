#include "trainer/agent/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "common/base/check.h"
#include "common/base/error.h"

namespace eoa::agent {

Inbox::Inbox() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  EOA_CHECK(descriptor_.valid(), ErrnoError(errno, "eventfd").ToString());
}

void Inbox::Put(Event event) {
  const MutexLock lock(mutex_);
  events_.push_back(std::move(event));
  const std::uint64_t one = 1;
  // Cannot fail: the counter is far from its limit.
  [[maybe_unused]] const ssize_t written = ::write(descriptor(), &one, sizeof one);
}

std::vector<Event> Inbox::TakeAll() {
  const MutexLock lock(mutex_);
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t size = ::read(descriptor(), &count, sizeof count);
  return std::exchange(events_, {});
}

Calls::~Calls() { CancelAll(); }

void Calls::Start(std::function<Event(net::Cancellation*)> call) {
  Reap();
  Running& running = running_.emplace_back();
  running.thread = std::jthread([this, &running, call = std::move(call)] {
    inbox_.Put(call(&running.cancellation));
    running.done = true;
  });
}

void Calls::CancelAll() {
  for (Running& running : running_) running.cancellation.Cancel();
}

void Calls::Reap() {
  running_.remove_if([](const Running& running) { return running.done.load(); });
}

}  // namespace eoa::agent
