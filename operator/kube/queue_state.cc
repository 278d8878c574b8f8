#include "operator/kube/queue_state.h"

#include <algorithm>

namespace eoa::kube {

void QueueState::Add(const ObjectKey& key, Lane lane, SteadyTime now) {
  if (closed_) return;
  const auto [entry, is_new] = dirty_.try_emplace(key, Waiting{lane, now});
  Waiting& waiting = entry->second;
  if (is_new) {
    ++counted_.adds;
    if (!processing_.contains(key)) Enqueue(key, waiting);
    return;
  }
  if (lane == Lane::kLow || waiting.lane == Lane::kNormal) return;
  waiting.lane = Lane::kNormal;
  if (!waiting.queued) return;
  // The slot in the low lane stays behind; its ticket no longer counts.
  if (--low_waiting_ == 0) low_.clear();
  Enqueue(key, waiting);
}

void QueueState::Enqueue(const ObjectKey& key, Waiting& waiting) {
  waiting.queued = true;
  waiting.ticket = next_ticket_++;
  const bool low = waiting.lane == Lane::kLow;
  (low ? low_ : normal_).push_back({key, waiting.ticket});
  ++(low ? low_waiting_ : normal_waiting_);
}

void QueueState::AddAfter(const ObjectKey& key, Duration delay, Lane lane, SteadyTime now) {
  if (closed_) return;
  ++counted_.retries;
  if (delay <= Duration::zero()) {
    Add(key, lane, now);
    return;
  }
  const SteadyTime due = now + delay;
  const auto [entry, is_new] = delayed_.try_emplace(key, Delayed{due, lane});
  Delayed& delayed = entry->second;
  if (!is_new) {
    if (lane == Lane::kNormal) delayed.lane = lane;
    if (due >= delayed.due) return;
    by_due_.erase({delayed.due, key});
    delayed.due = due;
  }
  by_due_.emplace(due, key);
}

Duration QueueState::AddRateLimited(const ObjectKey& key, SteadyTime now) {
  if (closed_) return {};
  const Duration delay = backoff_.Next(key);
  AddAfter(key, delay, Lane::kNormal, now);
  return delay;
}

void QueueState::PromoteDue(SteadyTime now) {
  while (!by_due_.empty() && by_due_.begin()->first <= now) {
    const auto [due, key] = *by_due_.begin();
    const Lane lane = delayed_.at(key).lane;
    by_due_.erase(by_due_.begin());
    delayed_.erase(key);
    // Its wait in the queue began when it was due, not when somebody looked.
    Add(key, lane, due);
  }
}

std::optional<ObjectKey> QueueState::Pop(std::deque<Slot>& lane) {
  while (!lane.empty()) {
    Slot slot = std::move(lane.front());
    lane.pop_front();
    const auto found = dirty_.find(slot.key);
    if (found != dirty_.end() && found->second.queued && found->second.ticket == slot.ticket) return slot.key;
  }
  return std::nullopt;
}

std::optional<ObjectKey> QueueState::Take(SteadyTime now) {
  PromoteDue(now);
  const bool turn_of_low = low_waiting_ > 0 && (normal_waiting_ == 0 || normal_in_a_row_ >= kLowLaneShare - 1);
  std::optional<ObjectKey> key = Pop(turn_of_low ? low_ : normal_);
  if (!key) return std::nullopt;
  --(turn_of_low ? low_waiting_ : normal_waiting_);
  normal_in_a_row_ = turn_of_low || low_waiting_ == 0 ? 0 : normal_in_a_row_ + 1;
  const auto entry = dirty_.find(*key);
  counted_.queue_seconds.Observe(ToSeconds(now - entry->second.since));
  dirty_.erase(entry);
  processing_.emplace(*key, now);
  return key;
}

void QueueState::Done(const ObjectKey& key, SteadyTime now) {
  const auto entry = processing_.find(key);
  if (entry == processing_.end()) return;
  counted_.work_seconds.Observe(ToSeconds(now - entry->second));
  processing_.erase(entry);
  const auto wanted = dirty_.find(key);
  if (wanted != dirty_.end()) Enqueue(key, wanted->second);
}

std::optional<SteadyTime> QueueState::NextDeadline() const {
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

void QueueState::Close() {
  closed_ = true;
  delayed_.clear();
  by_due_.clear();
}

WorkQueueStats QueueState::stats(SteadyTime now) const {
  WorkQueueStats stats = counted_;
  stats.depth_normal = normal_waiting_;
  stats.depth_low = low_waiting_;
  stats.delayed = delayed_.size();
  stats.processing = processing_.size();
  for (const auto& [key, since] : processing_) {
    stats.unfinished_work += now - since;
    stats.longest_running = std::max(stats.longest_running, now - since);
  }
  return stats;
}

}  // namespace eoa::kube
