// RecentMap: a map of bounded size. When it is full, the entry that nobody has asked for the longest is forgotten.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace eoa {

// Pointers and references to values hold until the value is forgotten or erased. Thread-safety: none.
template <typename Key, typename Value>
class RecentMap {
 public:
  // `most` is at least 1.
  explicit RecentMap(std::size_t most) : most_(most) {}
  RecentMap(const RecentMap&) = delete;
  RecentMap& operator=(const RecentMap&) = delete;

  // Null: it is not there.
  Value* Find(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  // The value of `key`, a new one if it is not there.
  Value& operator[](const Key& key) {
    if (Value* value = Find(key)) return *value;
    if (entries_.size() == most_) Erase(Key(entries_.back().first));
    entries_.emplace_front(key, Value());
    places_[key] = entries_.begin();
    return entries_.front().second;
  }

  void Erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }

  void Clear() {
    places_.clear();
    entries_.clear();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<Key, Value>>;  // the one that was asked for last comes first

  const std::size_t most_;
  Entries entries_;
  std::unordered_map<Key, typename Entries::iterator> places_;
};

}  // namespace eoa
