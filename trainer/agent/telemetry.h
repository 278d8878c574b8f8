// Telemetry: what this pod's agent tells Prometheus (docs/metrics.md, "The trainers"). It watches what goes into the
// agent's state machine and what comes out of it, so that the machine needs to know nothing of metrics.
//
// A member's values are told by its own pod, but for learning rate and fitness, which only the leader's pod knows.
// Thread-safety: every method from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/family.h"
#include "trainer/agent/session_types.h"

namespace eoa::agent {

class Telemetry {
 public:
  Telemetry(const PodSetup& setup, std::string version, SteadyTime now);

  // As they are handled and carried out.
  void Observe(const Event& event, SteadyTime now);
  void Observe(const Action& action, SteadyTime now);

  // The agent's loop turns; Healthy is false when it has not for kStuck.
  static constexpr Duration kStuck = std::chrono::seconds(60);
  void Turn(SteadyTime now);
  bool Healthy(SteadyTime now) const;

  // Prometheus' text format, version 0.0.4.
  std::string Render(SteadyTime now) const;

 private:
  struct Worker {
    std::optional<train::ProgressMessage> progress;
    // Of this worker's earlier processes.
    std::int64_t steps = 0;
    double train_seconds = 0;
    double data_wait_seconds = 0;
    double communication_seconds = 0;
    double checkpoint_seconds = 0;
    std::int64_t checkpoint_failures = 0;
  };

  void Enter(TrainerPhase phase, SteadyTime now) REQUIRES(mutex_);
  void ObserveMessage(const train::FromWorker& message, int worker, SteadyTime now) REQUIRES(mutex_);
  void EndWorkers() REQUIRES(mutex_);

  const metrics::Labels labels_;  // of every series
  const metrics::Labels info_;    // more of eoa_trainer_info
  const int first_member_;
  const double flops_per_image_;

  mutable Mutex mutex_;
  std::vector<Worker> workers_ GUARDED_BY(mutex_);
  TrainerPhase phase_ GUARDED_BY(mutex_) = TrainerPhase::kJoining;
  SteadyTime phase_since_ GUARDED_BY(mutex_);
  SteadyTime turned_ GUARDED_BY(mutex_);
  std::map<TrainerPhase, double> phase_seconds_ GUARDED_BY(mutex_);
  std::map<int, std::uint64_t> exits_ GUARDED_BY(mutex_);  // by code
  std::vector<double> rates_ GUARDED_BY(mutex_);           // of all members; leader only
  std::map<int, double> fitness_ GUARDED_BY(mutex_);       // of all members; leader only
  int attempt_ GUARDED_BY(mutex_) = 0;
  int generation_ GUARDED_BY(mutex_) = 0;
  int offline_generations_ GUARDED_BY(mutex_) = 0;
};

}  // namespace eoa::agent
