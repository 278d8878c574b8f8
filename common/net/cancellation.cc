#include <cstdint>
#include <map>
#include <utility>

#include "common/base/mutex.h"
#include "common/net/http_client.h"

namespace eoa::net {

struct Cancellation::State {
  Mutex mutex;
  bool cancelled GUARDED_BY(mutex) = false;
  std::uint64_t next_key GUARDED_BY(mutex) = 0;
  std::map<std::uint64_t, std::function<void()>> callbacks GUARDED_BY(mutex);
};

Cancellation::Cancellation() : state_(std::make_shared<State>()) {}
Cancellation::~Cancellation() = default;

void Cancellation::Cancel() {
  std::map<std::uint64_t, std::function<void()>> callbacks;
  {
    const MutexLock lock(state_->mutex);
    state_->cancelled = true;
    callbacks.swap(state_->callbacks);
  }
  // Outside the lock: a callback may register or unregister.
  for (const auto& [key, callback] : callbacks) callback();
}

bool Cancellation::cancelled() const {
  const MutexLock lock(state_->mutex);
  return state_->cancelled;
}

std::shared_ptr<void> Cancellation::OnCancel(std::function<void()> callback) {
  MutexLock lock(state_->mutex);
  if (state_->cancelled) {
    lock.Unlock();
    callback();
    return nullptr;
  }
  const std::uint64_t key = state_->next_key++;
  state_->callbacks.emplace(key, std::move(callback));
  return {nullptr, [state = state_, key](void*) {
            const MutexLock guard(state->mutex);
            state->callbacks.erase(key);
          }};
}

}  // namespace eoa::net
