#include "operator/kube/object_store.h"

#include <utility>

#include "common/base/check.h"
#include "common/base/json_access.h"
#include "common/base/json_guard.h"

namespace eoa::kube {
namespace {

// What an object in the store costs in `bytes`.
std::size_t SizeOf(const ObjectKey& key, const std::string& text) {
  return key.name_space.size() + key.name.size() + text.size();
}

// Text of ours, from an object that had passed the limits of the client.
JsonPtr Parse(const std::string& text) {
  return std::make_shared<const nlohmann::json>(nlohmann::json::parse(text, nullptr, false));
}

}  // namespace

void DropManagedFields(nlohmann::json& object) {
  if (!object.is_object()) return;
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return;
  metadata->erase("managedFields");
  const auto annotations = metadata->find("annotations");
  if (annotations != metadata->end() && annotations->is_object()) {
    annotations->erase("kubectl.kubernetes.io/last-applied-configuration");
  }
}

std::string ControllerUid(const nlohmann::json& object) {
  const nlohmann::json& owners = At(object, "metadata", "ownerReferences");
  if (!owners.is_array()) return "";
  for (const nlohmann::json& owner : owners) {
    if (At(owner, "controller") == true) return TextAt(owner, "uid");
  }
  return "";
}

std::optional<ObjectKey> KeyOf(const nlohmann::json& object) {
  const nlohmann::json& metadata = At(object, "metadata");
  ObjectKey key{TextAt(metadata, "namespace"), TextAt(metadata, "name")};
  if (key.name.empty()) return std::nullopt;
  return key;
}

ObjectStore::ObjectStore(ObjectStoreOptions options) : options_(std::move(options)) {}

void ObjectStore::OnChange(std::function<void(const Change&)> callback) { callbacks_.push_back(std::move(callback)); }

JsonPtr ObjectStore::Get(const ObjectKey& key) const {
  std::string text;
  {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    text = found->second.text;
  }
  return Parse(text);
}

std::vector<ObjectKey> ObjectStore::Keys() const {
  const MutexLock lock(mutex_);
  std::vector<ObjectKey> keys;
  keys.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) keys.push_back(key);
  return keys;
}

std::vector<JsonPtr> ObjectStore::List() const {
  std::vector<std::string> texts;
  {
    const MutexLock lock(mutex_);
    texts.reserve(entries_.size());
    for (const auto& [key, entry] : entries_) texts.push_back(entry.text);
  }
  std::vector<JsonPtr> objects;
  objects.reserve(texts.size());
  for (const std::string& text : texts) objects.push_back(Parse(text));
  return objects;
}

std::vector<JsonPtr> ObjectStore::FindByLabel(std::string_view value, std::string_view name_space) const {
  std::vector<std::string> texts;
  {
    const MutexLock lock(mutex_);
    const auto found = by_label_.find(value);
    if (found == by_label_.end()) return {};
    for (const ObjectKey& key : found->second) {
      if (key.name_space == name_space) texts.push_back(entries_.at(key).text);
    }
  }
  std::vector<JsonPtr> objects;
  objects.reserve(texts.size());
  for (const std::string& text : texts) objects.push_back(Parse(text));
  return objects;
}

std::vector<ObjectKey> ObjectStore::KeysByLabel(std::string_view value) const {
  const MutexLock lock(mutex_);
  const auto found = by_label_.find(value);
  if (found == by_label_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

ObjectStore::Entry ObjectStore::MakeEntry(nlohmann::json& object) const {
  if (options_.trim) options_.trim(object);
  Entry entry;
  entry.text = DumpJson(object);
  entry.text.shrink_to_fit();
  if (!options_.index_label.empty()) entry.label = TextAt(At(object, "metadata", "labels"), options_.index_label);
  return entry;
}

void ObjectStore::Index(const ObjectKey& key, const Entry& entry) {
  bytes_ += SizeOf(key, entry.text);
  if (!entry.label.empty()) by_label_[entry.label].insert(key);
}

void ObjectStore::Unindex(const ObjectKey& key, const Entry& entry) {
  bytes_ -= SizeOf(key, entry.text);
  const auto found = by_label_.find(entry.label);
  if (found == by_label_.end()) return;
  found->second.erase(key);
  if (found->second.empty()) by_label_.erase(found);
}

void ObjectStore::NotifyOfChange(const ObjectKey& key, ChangeSource source, const std::string* old_text,
                                 const std::string* new_text) const {
  if (callbacks_.empty()) return;
  Change change{key, source, nullptr, nullptr};
  if (old_text != nullptr) change.old_object = Parse(*old_text);
  if (new_text != nullptr) change.new_object = new_text == old_text ? change.old_object : Parse(*new_text);
  for (const auto& callback : callbacks_) callback(change);
}

void ObjectStore::Put(const ObjectKey& key, nlohmann::json object, ChangeSource source) {
  Entry entry = MakeEntry(object);
  const std::string new_text = entry.text;
  std::optional<std::string> old_text;
  {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      if (found->second.text == entry.text) return;
      Unindex(key, found->second);
      old_text = std::move(found->second.text);
      found->second = std::move(entry);
      Index(key, found->second);
    } else {
      const auto added = entries_.emplace(key, std::move(entry)).first;
      Index(key, added->second);
    }
  }
  NotifyOfChange(key, source, old_text ? &*old_text : nullptr, &new_text);
}

void ObjectStore::Remove(const ObjectKey& key, ChangeSource source) {
  std::string old_text;
  {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    Unindex(key, found->second);
    old_text = std::move(found->second.text);
    entries_.erase(found);
  }
  NotifyOfChange(key, source, &old_text, nullptr);
}

void ObjectStore::Gather(nlohmann::json object, Snapshot& snapshot) const {
  const std::optional<ObjectKey> key = KeyOf(object);
  if (!key) return;
  snapshot.entries_.insert_or_assign(*key, MakeEntry(object));
}

void ObjectStore::Replace(Snapshot snapshot, ChangeSource source) {
  Entries old_entries;
  {
    const MutexLock lock(mutex_);
    old_entries = std::exchange(entries_, std::move(snapshot.entries_));
    by_label_.clear();
    bytes_ = 0;
    for (const auto& [key, entry] : entries_) Index(key, entry);
  }
  for (const auto& [key, entry] : old_entries) {
    if (!OwnEntries().contains(key)) NotifyOfChange(key, source, &entry.text, nullptr);
  }
  for (const auto& [key, entry] : OwnEntries()) {
    const auto old_entry = old_entries.find(key);
    const std::string* old_text = old_entry == old_entries.end() ? nullptr : &old_entry->second.text;
    if (old_text == nullptr || *old_text != entry.text) NotifyOfChange(key, source, old_text, &entry.text);
  }
}

void ObjectStore::Resync() {
  for (const auto& [key, entry] : OwnEntries()) NotifyOfChange(key, ChangeSource::kResync, &entry.text, &entry.text);
}

ObjectStoreStats ObjectStore::stats() const {
  const MutexLock lock(mutex_);
  return {entries_.size(), bytes_};
}

}  // namespace eoa::kube
