// Reflector: keeps an ObjectStore like the API server's objects of one type, by list and watch. What to ask for, and
// when, is decided by reflector_state.h; this is the thread that asks.
//
//   ObjectStore pods({.trim = cluster::TrimPod, .index_label = "eoa.io/job-uid"});
//   pods.OnChange([&](const Change& change) { queue.Add(change.key); });
//   Reflector reflector(kPods, {.label_selector = "app.kubernetes.io/managed-by=eoa-operator"}, client, pods, clock,
//                       std::make_unique<SeededRandom>(seed, StreamId{HashName("reflector/pods")}));
//   reflector.Start();
//   if (!reflector.WaitForSync(std::chrono::seconds(60))) ...
//
// The client should be the reflectors' own: a watch holds a connection, and its waits must not delay others.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/net/http_client.h"
#include "operator/kube/api_client.h"
#include "operator/kube/object_store.h"
#include "operator/kube/reflector_state.h"
#include "operator/kube/resource_type.h"

namespace eoa::kube {

struct ReflectorStats {
  ReflectorCounts counts;
  bool synced = false;
  std::string resource_version;   // where the store is
  std::optional<Duration> quiet;  // since the server last said anything: an answer, an event, a bookmark
  std::string last_error;         // the newest one; empty: none since the last list or event
};

// Thread-safety: every method from any thread. `client`, `store` and `clock` outlive it.
class Reflector {
 public:
  Reflector(const ResourceType& type, const ReflectorOptions& options, ApiClient& client, ObjectStore& store,
            Clock& clock, std::unique_ptr<Random> random);

  // Stops.
  ~Reflector();

  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  // Once.
  void Start();

  // Ends the running request and joins the thread; no change callback runs after that. Not from a change callback.
  void Stop();

  // True when the store holds a whole list; false if that takes longer than `limit`, or after Stop.
  bool WaitForSync(Duration limit) const;
  bool synced() const;

  const ResourceType& type() const { return type_; }
  ReflectorStats stats() const;

 private:
  void Run();
  ReflectorStep CarryOut(const ListStep& step);
  ReflectorStep CarryOut(const WatchStep& step);
  Status TakeEvent(nlohmann::json event, std::optional<Failure>& failure);
  bool Pause(Duration delay);  // false: stopping
  void NoteContact(SteadyTime now);
  void NoteError(std::string_view doing, const Error& error);

  const ResourceType type_;
  const ReflectorOptions options_;
  ApiClient& client_;
  ObjectStore& store_;
  Clock& clock_;
  const std::unique_ptr<Random> random_;
  net::Cancellation cancellation_;  // of the request under way
  ObjectStore::Snapshot gathered_;  // pages of the list under way; the thread's own
  SteadyTime heard_at_{};           // when the watch under way began, or last told something; the thread's own

  mutable Mutex mutex_;
  mutable CondVar changed_;                  // synced, watching or stopping
  ReflectorState state_ GUARDED_BY(mutex_);  // written by the thread only
  bool synced_ GUARDED_BY(mutex_) = false;   // the store has a whole list
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::optional<SteadyTime> last_contact_ GUARDED_BY(mutex_);
  std::string last_error_ GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace eoa::kube
