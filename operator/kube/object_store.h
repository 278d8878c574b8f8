// ObjectStore: the local copy of the objects of one resource type that a Reflector keeps. Reading it costs the API
// server nothing; it may be behind the server by as long as the watch is.
//
// An object is kept as the text of what the caller's trim function leaves of it, and parsed when it is read: a pod of
// ours takes about 1 KiB as text and near ten times as much as a tree of nlohmann::json (tests/bench/kube). A reader
// pays some ten microseconds for an object.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/json_ptr.h"
#include "common/base/mutex.h"
#include "operator/kube/resource_type.h"

namespace eoa::kube {

enum class ChangeSource {
  kFirstList,  // the first list after the start
  kWatch,      // an event of the watch
  kRelist,     // a later list shows what no event told; deletions are without the object's last state
  kResync,     // no change: every object is shown again
};

struct Change {
  ObjectKey key;
  ChangeSource source = ChangeSource::kWatch;
  JsonPtr old_object;  // null: the object is new
  JsonPtr new_object;  // null: it is gone
};

struct ObjectStoreOptions {
  // Takes out of an object what nobody reads. metadata.name, namespace, uid and resourceVersion should stay.
  std::function<void(nlohmann::json& object)> trim = nullptr;

  // The label to find objects by; empty: none.
  std::string index_label{};
};

// Objects and their text in memory, without the containers' overhead.
struct ObjectStoreStats {
  std::size_t objects = 0;
  std::size_t bytes = 0;
};

// Takes metadata.managedFields and the annotation kubectl.kubernetes.io/last-applied-configuration out: big, and no
// business of a reader's. A trim function should begin with it.
void DropManagedFields(nlohmann::json& object);

// The uid of the owner that controls the object (metadata.ownerReferences, controller: true); empty: nobody does.
std::string ControllerUid(const nlohmann::json& object);

// The namespace and name of an object; nothing if it has no name.
std::optional<ObjectKey> KeyOf(const nlohmann::json& object);

// Thread-safety: reading from any thread. Writing (Put, Remove, Replace, Resync) from one thread at a time, which is
// the one that runs the change callbacks, in the order of the changes, while no lock is held: a callback may read the
// store.
class ObjectStore {
  struct Entry {
    std::string text;
    std::string label;
  };
  using Entries = std::map<ObjectKey, Entry>;

 public:
  explicit ObjectStore(ObjectStoreOptions options = {});

  // Before the first write. Callbacks must not block: the watch stands still meanwhile.
  void OnChange(std::function<void(const Change&)> callback);

  // Null when it is not there.
  JsonPtr Get(const ObjectKey& key) const;

  // In the order of their keys.
  std::vector<ObjectKey> Keys() const;
  std::vector<JsonPtr> List() const;
  std::vector<JsonPtr> FindByLabel(std::string_view value, std::string_view name_space) const;
  std::vector<ObjectKey> KeysByLabel(std::string_view value) const;

  // No callback when trimming leaves what is already there.
  void Put(const ObjectKey& key, nlohmann::json object, ChangeSource source);
  void Remove(const ObjectKey& key, ChangeSource source);

  // A list under way, gathered page by page in the store's form, so that no more than a page is held untrimmed. Objects
  // without a name are left out.
  class Snapshot {
    friend class ObjectStore;
    Entries entries_;
  };
  void Gather(nlohmann::json object, Snapshot& snapshot) const;

  // Readers see all of it or nothing. What is in the store and not in `snapshot` is removed.
  void Replace(Snapshot snapshot, ChangeSource source);

  // Shows every object to the callbacks again.
  void Resync();

  ObjectStoreStats stats() const;

 private:
  Entry MakeEntry(nlohmann::json& object) const;
  void Index(const ObjectKey& key, const Entry& entry) REQUIRES(mutex_);
  void Unindex(const ObjectKey& key, const Entry& entry) REQUIRES(mutex_);
  void NotifyOfChange(const ObjectKey& key, ChangeSource source, const std::string* old_text,
                      const std::string* new_text) const;

  // For the thread that writes: nobody else changes them, so it may read them without the lock.
  const Entries& OwnEntries() const NO_THREAD_SAFETY_ANALYSIS { return entries_; }

  const ObjectStoreOptions options_;
  std::vector<std::function<void(const Change&)>> callbacks_;  // written before the first write, then only read
  mutable Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);
  std::map<std::string, std::set<ObjectKey>, std::less<>> by_label_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace eoa::kube
