// What the metrics of the operator are made from: plain values, which the owners of the numbers hand out at scrape
// time. Those of operator/kube and broker/ have their own stats structs; these are for what stands above this
// folder.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/view.h"
#include "common/base/clock.h"
#include "common/job/job_status.h"
#include "operator/kube/leader_election.h"
#include "operator/kube/object_store.h"
#include "operator/kube/reflector_state.h"

namespace eoa::metrics {

// Reconciles since the start, as controller-runtime counts them: each has one of the four results.
struct ReconcileSnapshot {
  std::uint64_t success = 0;
  std::uint64_t error = 0;
  std::uint64_t requeue = 0;
  std::uint64_t requeue_after = 0;
  std::uint64_t terminal_errors = 0;
  std::uint64_t panics = 0;
  int active = 0;                     // workers that reconcile now
  int workers = 0;                    // threads
  std::vector<double> bounds;         // seconds, ascending, inclusive
  std::vector<std::uint64_t> counts;  // by bucket, not cumulative; one more than bounds
  double sum_seconds = 0;
};

// Writes and counted events of jobs since the start of this process; only the leader has any.
struct JobCounts {
  std::uint64_t created = 0;  // first seen without a status
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t restarted = 0;  // restarts of populations
};
struct ControllerSnapshot {
  std::map<std::string, JobCounts> jobs;  // by namespace
  std::uint64_t waits_for_cache = 0;
  std::uint64_t status_writes = 0;
  std::uint64_t child_writes = 0;
};

// One resource type in one namespace, or in all (name_space empty).
struct CacheSnapshot {
  std::string resource;  // plural
  std::string name_space;
  kube::ObjectStoreStats store;
  kube::ReflectorCounts reflector;
  bool synced = false;
  std::optional<Duration> quiet;  // since the server last said anything
};

struct ElectionSnapshot {
  std::string lease;
  kube::LeaderElectionStats stats;
};

// One EOAJob as the cache shows it.
struct JobSnapshot {
  std::string name_space;
  std::string name;
  std::string uid;
  std::optional<WallTime> created;
  api::JobStatus status;
  std::optional<broker::EcosphereView> ecosphere;  // only where its broker runs: on the leader
};

}  // namespace eoa::metrics
