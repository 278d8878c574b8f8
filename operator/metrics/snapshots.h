// What the metrics of the operator are made from: plain values, which the owners of the numbers hand out at scrape
// time. Those of operator/kube and broker/ have their own stats structs; these are for what stands above this
// folder.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/view.h"
#include "common/base/clock.h"
#include "common/base/histogram.h"
#include "common/job/job_status.h"
#include "operator/kube/leader_election.h"
#include "operator/kube/object_store.h"
#include "operator/kube/reflector_state.h"

namespace eoa::metrics {

// Reconciles since the start, as controller-runtime counts them: each has one of the four results.
struct ReconcileSnapshot {
  static constexpr std::array<double, 40> kSecondsBounds = {
      0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5,
      1.75,  2.0,  2.5,   3.0,  3.5, 4.0,  4.5, 5,    6,   7,    8,   9,    10,  15,  20,  25,  30,  40,  50,   60};
  std::uint64_t success = 0;
  std::uint64_t error = 0;
  std::uint64_t requeue = 0;  // a conflict: again at once
  std::uint64_t requeue_after = 0;
  std::uint64_t terminal_errors = 0;  // that will not go away by themselves
  std::uint64_t panics = 0;           // exceptions
  int active = 0;                     // workers that reconcile now
  int workers = 0;                    // threads
  eoa::Histogram seconds{kSecondsBounds};
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
  std::uint64_t waits_given_up = 0;  // writes that the cache did not show in time
  std::size_t waiting_jobs = 0;      // that wait for the cache now
  std::uint64_t status_writes = 0;
  std::uint64_t child_writes = 0;
};

// Events of jobs (kubectl describe), by what became of them.
struct EventCounts {
  std::uint64_t written = 0;
  std::uint64_t left_out = 0;  // an object has too many
  std::uint64_t dropped = 0;   // too many waited
  std::uint64_t failed = 0;    // the API server did not take them
};

// Whose trainers' tokens are.
struct TokenCounts {
  // Asked of the API server, by outcome.
  std::map<std::string, std::uint64_t> reviews = {{"allowed", 0},   {"audience", 0}, {"error", 0},
                                                  {"namespace", 0}, {"pod", 0},      {"unauthenticated", 0},
                                                  {"unbound", 0}};
  std::uint64_t known = 0;     // answered from memory
  std::size_t remembered = 0;  // tokens in memory
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
  std::shared_ptr<const broker::EcosphereView> ecosphere = nullptr;  // only where its broker runs: on the leader
};

}  // namespace eoa::metrics
