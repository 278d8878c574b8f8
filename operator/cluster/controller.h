// Controller: brings one EOAJob after the other to what its spec asks for. Level-triggered: Reconcile reads all there
// is about a job from the cache and its broker, has Plan decide, and does that; which event led to it does not matter.
//
// The order of writes is Plan's: actions, then the status, so that what it tells is true, then events, and only when
// the status could be written. Plan itself sees to it that no child is taken away before the status says why. A crash
// between any two writes is therefore harmless: the next reconcile does what is still to be done.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/core/state_store.h"
#include "broker/rest/broker_service.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "operator/cluster/event_recorder.h"
#include "operator/cluster/executor.h"
#include "operator/cluster/job_cache.h"
#include "operator/cluster/own_writes.h"
#include "operator/cluster/progress_watch.h"
#include "operator/cluster/storage_classes.h"
#include "operator/cluster/workers.h"
#include "operator/kube/api_client.h"
#include "operator/kube/work_queue.h"
#include "operator/metrics/snapshots.h"
#include "operator/plan/plan.h"

namespace eoa::cluster {

// Thread-safety: every method from any thread, but Reconcile for one key from one thread at a time (the work queue sees
// to that). All that it refers to outlives it.
class Controller {
 public:
  // Makes the place where a job's rounds are kept; the status tells what must be there.
  using StoreFactory =
      std::function<std::unique_ptr<broker::StateStore>(const api::Job& job, const api::JobStatus& status)>;

  struct Parts {
    JobCache& cache;
    kube::ApiClient& client;
    kube::WorkQueue& queue;
    broker::BrokerService& broker;
    EventRecorder& events;
    Clock& clock;
  };
  Controller(plan::TrainerSettings settings, Parts parts, StoreFactory make_store);

  ReconcileResult Reconcile(const kube::ObjectKey& key);

  // Tells the broker of all jobs that have begun and not ended, so that no trainer that asks is told that there is no
  // such job; before the broker serves and Reconcile, which opens one after the other, is called.
  void ExpectJobs();

  // What the cache and the brokers show of all jobs, and what was counted, for metrics.
  std::vector<metrics::JobSnapshot> Jobs() const;
  metrics::ControllerSnapshot stats() const;

 private:
  // What is remembered of a job between two reconciles; everything in it can be lost.
  struct Memory {
    std::string uid;
    std::int64_t generation = -1;  // of `job` and `invalid`
    std::optional<api::Job> job;
    std::string invalid;
    bool has_broker = false;
    broker::StoreFaults open_faults;  // of opening it
  };

  std::shared_ptr<Memory> MemoryOf(const kube::ObjectKey& key);
  void Forget(const kube::ObjectKey& key);
  void Read(const nlohmann::json& object, Memory& memory);
  Status OpenBroker(const kube::ObjectKey& key, Memory& memory, const api::JobStatus& status);
  void CloseBroker(Memory& memory);
  plan::Observed Observe(const JobObjects& objects, const Memory& memory);
  ReconcileResult CarryOut(const JobIdentity& identity, const std::string& resource_version,
                           const plan::Observed& observed, plan::PlanResult planned);
  Status CarryOutAction(const JobIdentity& identity, const plan::Action& action);
  void Count(const kube::ObjectKey& key, const api::JobStatus& before, const api::JobStatus& after);

  const plan::TrainerSettings settings_;
  const Parts parts_;
  const StoreFactory make_store_;
  OwnWrites own_writes_;
  Executor executor_;
  ProgressWatch progress_;
  StorageClasses storage_classes_;
  mutable Mutex mutex_;
  std::unordered_map<kube::ObjectKey, std::shared_ptr<Memory>> memories_ GUARDED_BY(mutex_);
  metrics::ControllerSnapshot stats_ GUARDED_BY(mutex_);
};

}  // namespace eoa::cluster
