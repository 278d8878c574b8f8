#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

#include "common/net/http_client.h"

namespace eoa::net {

struct Cancellation::State {
  std::mutex mutex;
  bool cancelled = false;  // guarded by mutex, as all below
  std::uint64_t next_key = 0;
  std::map<std::uint64_t, std::function<void()>> callbacks;
};

Cancellation::Cancellation() : state_(std::make_shared<State>()) {}
Cancellation::~Cancellation() = default;

void Cancellation::Cancel() {
  std::map<std::uint64_t, std::function<void()>> callbacks;
  {
    const std::scoped_lock lock(state_->mutex);
    state_->cancelled = true;
    callbacks.swap(state_->callbacks);
  }
  // Outside the lock: a callback may register or unregister.
  for (const auto& [key, callback] : callbacks) callback();
}

bool Cancellation::cancelled() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->cancelled;
}

std::shared_ptr<void> Cancellation::OnCancel(std::function<void()> callback) {
  std::unique_lock lock(state_->mutex);
  if (state_->cancelled) {
    lock.unlock();
    callback();
    return nullptr;
  }
  const std::uint64_t key = state_->next_key++;
  state_->callbacks.emplace(key, std::move(callback));
  return {nullptr, [state = state_, key](void*) {
            const std::scoped_lock guard(state->mutex);
            state->callbacks.erase(key);
          }};
}

}  // namespace eoa::net
