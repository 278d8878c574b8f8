#include "operator/cluster/job_cache.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "common/base/random.h"
#include "common/words/labels.h"
#include "operator/cluster/trim.h"
#include "operator/rounds/eoa_jobs.h"

namespace eoa::cluster {
namespace {

struct Watched {
  const kube::ResourceType* type;
  void (*trim)(nlohmann::json&);
  std::string selector;
  bool metadata_only = false;
};

// The broker's ConfigMaps are big, and their owner is the broker.
std::vector<Watched> AllWatched() {
  std::string managed(kManagedByLabel);
  managed.append("=").append(kOperatorName);
  return {{&kEoaJobs, TrimJob, ""},
          {&kube::kStatefulSets, TrimStatefulSet, managed},
          {&kube::kPods, TrimPod, std::string(kJobUidLabel)},
          {&kube::kServices, TrimService, managed, true},
          {&kube::kConfigMaps, TrimConfigMap, managed + ",!" + std::string(kStateLabel), true}};
}

kube::Lane LaneOf(kube::ChangeSource source) {
  return source == kube::ChangeSource::kWatch ? kube::Lane::kNormal : kube::Lane::kLow;
}

}  // namespace

std::optional<kube::ObjectKey> JobOfChild(const nlohmann::json& child) {
  const auto metadata = child.find("metadata");
  if (metadata == child.end() || !metadata->contains("labels")) return std::nullopt;
  const auto& labels = metadata->at("labels");
  const auto label = labels.find(kJobLabel);
  if (label == labels.end() || !label->is_string()) return std::nullopt;
  return kube::ObjectKey{metadata->value("namespace", ""), label->get<std::string>()};
}

JobCache::JobCache(const std::vector<std::string>& namespaces, kube::ApiClient& client, kube::WorkQueue& queue,
                   Clock& clock, std::uint64_t seed)
    : clock_(clock) {
  const std::vector<std::string> all = {""};
  for (const std::string& name_space : namespaces.empty() ? all : namespaces) {
    for (const Watched& watched : AllWatched()) {
      const bool jobs = watched.type == &kEoaJobs;
      kube::ObjectStoreOptions store;
      store.trim = watched.trim;
      if (!jobs) store.index_label = kJobUidLabel;
      auto cache = std::make_unique<TypeCache>(name_space, std::move(store));
      cache->store.OnChange([&queue, jobs](const kube::Change& change) {
        if (jobs) return queue.Add(change.key, LaneOf(change.source));
        const JsonPtr& child = change.new_object ? change.new_object : change.old_object;
        if (!child) return;
        if (const std::optional<kube::ObjectKey> job = JobOfChild(*child)) queue.Add(*job, LaneOf(change.source));
      });
      kube::ReflectorOptions options;
      options.name_space = name_space;
      options.label_selector = watched.selector;
      options.metadata_only = watched.metadata_only;
      const std::string stream = "cluster/reflector/" + std::string(watched.type->plural) + "/" + name_space;
      cache->reflector =
          std::make_unique<kube::Reflector>(*watched.type, options, client, cache->store, clock,
                                            std::make_unique<SeededRandom>(seed, StreamId{HashName(stream)}));
      caches_.push_back(std::move(cache));
    }
  }
}

JobCache::~JobCache() { Stop(); }

void JobCache::Start() {
  for (const auto& cache : caches_) cache->reflector->Start();
}

void JobCache::Stop() {
  for (const auto& cache : caches_) cache->reflector->Stop();
}

bool JobCache::WaitForSync(Duration limit) const {
  const auto deadline = clock_.SteadyNow() + limit;
  return std::all_of(caches_.begin(), caches_.end(), [&](const auto& cache) {
    const Duration left = deadline - clock_.SteadyNow();
    return cache->reflector->WaitForSync(std::max(left, Duration::zero()));
  });
}

bool JobCache::synced() const {
  return std::all_of(caches_.begin(), caches_.end(), [](const auto& cache) { return cache->reflector->synced(); });
}

std::string JobCache::Missing() const {
  std::string text;
  for (const auto& cache : caches_) {
    if (cache->reflector->synced()) continue;
    text += text.empty() ? "" : "; ";
    text += cache->reflector->type().plural;
    if (!cache->name_space.empty()) text += " of " + cache->name_space;
    const std::string error = cache->reflector->stats().last_error;
    if (!error.empty()) text += ": " + error;
  }
  return text;
}

const JobCache::TypeCache* JobCache::Find(std::string_view kind, const std::string& name_space) const {
  for (const auto& cache : caches_) {
    if (cache->reflector->type().kind != kind) continue;
    if (cache->name_space.empty() || cache->name_space == name_space) return cache.get();
  }
  return nullptr;
}

JsonPtr JobCache::FindObject(std::string_view kind, const kube::ObjectKey& key) const {
  const TypeCache* cache = Find(kind, key.name_space);
  return cache == nullptr ? nullptr : cache->store.Get(key);
}

JsonPtr JobCache::FindJob(const kube::ObjectKey& job) const { return FindObject(kEoaJobs.kind, job); }

std::vector<JsonPtr> JobCache::Children(std::string_view kind, const std::string& name_space,
                                        const std::string& uid) const {
  const TypeCache* cache = Find(kind, name_space);
  return cache == nullptr ? std::vector<JsonPtr>{} : cache->store.FindByLabel(uid, name_space);
}

JobObjects JobCache::Find(const kube::ObjectKey& key) const {
  JobObjects objects;
  objects.job = FindJob(key);
  if (!objects.job) return objects;
  const std::string uid = objects.job->at("metadata").value("uid", "");
  const auto controlled = [&](std::string_view kind, const std::set<std::string, std::less<>>& controllers) {
    std::vector<JsonPtr> children = Children(kind, key.name_space, uid);
    std::erase_if(children, [&](const JsonPtr& child) { return !controllers.contains(kube::ControllerUid(*child)); });
    return children;
  };
  objects.stateful_sets = controlled(kube::kStatefulSets.kind, {uid});
  objects.services = controlled(kube::kServices.kind, {uid});
  objects.config_maps = controlled(kube::kConfigMaps.kind, {uid});
  std::set<std::string, std::less<>> sets;
  for (const JsonPtr& set : objects.stateful_sets) sets.insert(set->at("metadata").value("uid", ""));
  objects.pods = controlled(kube::kPods.kind, sets);
  return objects;
}

std::vector<JsonPtr> JobCache::Jobs() const {
  std::vector<JsonPtr> jobs;
  for (const auto& cache : caches_) {
    if (cache->reflector->type().kind != kEoaJobs.kind) continue;
    std::vector<JsonPtr> some = cache->store.List();
    jobs.insert(jobs.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  return jobs;
}

std::vector<CacheStats> JobCache::stats() const {
  std::vector<CacheStats> all;
  for (const auto& cache : caches_) {
    all.push_back(
        {cache->reflector->type().plural, cache->name_space, cache->store.stats(), cache->reflector->stats()});
  }
  return all;
}

}  // namespace eoa::cluster
