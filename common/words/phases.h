// Where a job, a population and a trainer are, and how a round and a run ended (docs/operations.md, docs/metrics.md).
#pragma once

#include "common/words/word.h"

namespace eoa {

// status.phase of an EOAJob. A job that was never reconciled has none.
enum class JobPhase { kPending, kRunning, kSuspended, kSucceeded, kFailed };
constexpr auto WordsOf(JobPhase) { return Words<JobPhase>("Pending", "Running", "Suspended", "Succeeded", "Failed"); }

// status.populations[].phase of an EOAJob.
enum class PopulationPhase { kPending, kRunning, kStalled, kSuspended, kSucceeded, kFailed };
constexpr auto WordsOf(PopulationPhase) {
  return Words<PopulationPhase>("Pending", "Running", "Stalled", "Suspended", "Succeeded", "Failed");
}

// A population as the broker sees it: not all of its pods have joined yet, an attempt runs, or it has ended.
enum class BrokerPhase { kJoining, kRunning, kSucceeded, kFailed };
constexpr auto WordsOf(BrokerPhase) { return Words<BrokerPhase>("Joining", "Running", "Succeeded", "Failed"); }

// The population has ended and never runs again.
constexpr bool HasEnded(PopulationPhase phase) {
  return phase == PopulationPhase::kSucceeded || phase == PopulationPhase::kFailed;
}
constexpr bool HasEnded(BrokerPhase phase) { return phase == BrokerPhase::kSucceeded || phase == BrokerPhase::kFailed; }

// status.phase of a Pod: Kubernetes' own.
enum class PodPhase { kPending, kRunning, kSucceeded, kFailed, kUnknown };
constexpr auto WordsOf(PodPhase) { return Words<PodPhase>("Pending", "Running", "Succeeded", "Failed", "Unknown"); }

// What a pod or one of its workers does. Workers tell Starting to Finishing; Joining and Parked are the agent's own: it
// waits for an attempt, or its population has ended.
enum class TrainerPhase { kJoining, kStarting, kTraining, kEvaluating, kExchanging, kFinishing, kParked };
constexpr auto WordsOf(TrainerPhase) {
  return Words<TrainerPhase>("Joining", "Starting", "Training", "Evaluating", "Exchanging", "Finishing", "Parked");
}

// What closed a round (docs/protocol.md).
enum class ClosedBy { kAll, kQuorum, kDeadline, kAsync };
constexpr auto WordsOf(ClosedBy) { return Words<ClosedBy>("All", "Quorum", "Deadline", "Async"); }

// How a whole job stands; `outcome` of result.json.
enum class Outcome { kRunning, kSucceeded, kFailed, kInterrupted };
constexpr auto WordsOf(Outcome) { return Words<Outcome>("Running", "Succeeded", "Failed", "Interrupted"); }

}  // namespace eoa
