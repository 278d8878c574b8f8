// JobCache: local copies of all EOAJobs and their children, kept by reflectors, and which job to look at when one of
// them changes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "operator/kube/api_client.h"
#include "operator/kube/object_store.h"
#include "operator/kube/reflector.h"
#include "operator/kube/resource_type.h"
#include "operator/kube/work_queue.h"

namespace eoa::cluster {

// What the cache shows of one job, at about the same moment.
struct JobObjects {
  JsonPtr job;  // null: it is gone
  std::vector<JsonPtr> stateful_sets;
  std::vector<JsonPtr> pods;
  std::vector<JsonPtr> services;
  std::vector<JsonPtr> config_maps;  // without the broker's
};

// One resource type in one namespace, or in all.
struct CacheStats {
  std::string_view resource;
  std::string name_space;
  kube::ObjectStoreStats store;
  kube::ReflectorStats reflector;
};

// Thread-safety: every method from any thread.
class JobCache {
 public:
  // Watches these namespaces; none: all. Every change adds the job's key to `queue`; what a list shows goes in the low
  // lane. `client` should serve watches alone; it, `queue` and `clock` outlive the cache.
  JobCache(const std::vector<std::string>& namespaces, kube::ApiClient& client, kube::WorkQueue& queue, Clock& clock,
           std::uint64_t seed);
  ~JobCache();

  // Once.
  void Start();
  void Stop();

  // True when every store holds a whole list within `limit`.
  bool WaitForSync(Duration limit) const;
  bool synced() const;

  // Which resources are not there yet, and why: for a message.
  std::string Missing() const;

  // Children are what the job that the cache shows controls, in its namespace: Services, ConfigMaps and StatefulSets by
  // their controller's uid, pods by that of such a StatefulSet. Labels only say where to look: whoever may make a pod can
  // give it any.
  JobObjects Find(const kube::ObjectKey& job) const;
  JsonPtr FindJob(const kube::ObjectKey& job) const;
  std::vector<JsonPtr> Jobs() const;

  // An object of any of the cached kinds; null when it is not there.
  JsonPtr FindObject(std::string_view kind, const kube::ObjectKey& key) const;

  std::vector<CacheStats> stats() const;

 private:
  struct TypeCache {
    std::string name_space;
    kube::ObjectStore store;
    std::unique_ptr<kube::Reflector> reflector;

    TypeCache(std::string of, kube::ObjectStoreOptions options)
        : name_space(std::move(of)), store(std::move(options)) {}
  };
  const TypeCache* Find(std::string_view kind, const std::string& name_space) const;
  std::vector<JsonPtr> Children(std::string_view kind, const std::string& name_space, const std::string& uid) const;

  Clock& clock_;
  std::vector<std::unique_ptr<TypeCache>> caches_;
};

// The job that a child belongs to, by its labels; nothing when it is none of ours.
std::optional<kube::ObjectKey> JobOfChild(const nlohmann::json& child);

}  // namespace eoa::cluster
