// OwnWrites: what this program wrote and its own cache may not show yet. A reconcile that acted on such a cache would
// repeat what is done (a pod deleted twice, a counter counted twice), so it waits until the cache has caught up; after
// a deadline it goes on, since every write is idempotent or guarded by a uid.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "operator/kube/resource_type.h"

namespace eoa::cluster {

// How the cache shows an object.
struct CachedVersion {
  std::string uid;  // empty while it is being deleted
  std::string resource_version;
};

// True when an object at version `cached` is not older than `written`. Versions are numbers of etcd's (comparable by
// promise since Kubernetes 1.35, in fact always); of anything else only equality is known.
bool HasReached(std::string_view cached, std::string_view written);

// Thread-safety: every method from any thread. Memory: what the caches have not caught up with yet.
class OwnWrites {
 public:
  // Looks an object up in a cache; nothing when it is not there.
  using Lookup = std::function<std::optional<CachedVersion>(std::string_view kind, const kube::ObjectKey& object)>;

  explicit OwnWrites(Duration patience = std::chrono::seconds(5)) : patience_(patience) {}

  // `object` of `kind`, written for `job`, is now at this version.
  void Wrote(const kube::ObjectKey& job, std::string_view kind, const kube::ObjectKey& object,
             const std::string& resource_version, SteadyTime now);

  // It is being deleted, or gone: the cache will show that, or one of the same name with another uid.
  void Deleted(const kube::ObjectKey& job, std::string_view kind, const kube::ObjectKey& object, const std::string& uid,
               SteadyTime now);

  // How long at most to wait for the cache before this job is reconciled; nothing: now. Forgets what has arrived.
  std::optional<Duration> Lag(const kube::ObjectKey& job, const Lookup& lookup, SteadyTime now);

  // The job is gone.
  void Forget(const kube::ObjectKey& job);

  // Jobs that wait, and how often patience ended.
  std::size_t waiting() const;
  std::uint64_t expired() const;

 private:
  struct Write {
    std::string resource_version;  // empty: a deletion of `uid`
    std::string uid;
    SteadyTime since;
  };
  using Writes = std::map<std::pair<std::string, kube::ObjectKey>, Write>;

  const Duration patience_;
  mutable Mutex mutex_;
  std::unordered_map<kube::ObjectKey, Writes> jobs_ GUARDED_BY(mutex_);
  std::uint64_t expired_ GUARDED_BY(mutex_) = 0;
};

}  // namespace eoa::cluster
