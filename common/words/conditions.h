// Conditions of an EOAJob's status, and the reasons that EOA itself gives in conditions and events. docs/operations.md
// explains them to users; their meaning does not change. What Kubernetes says of pods (Unschedulable, OOMKilled, ...)
// is passed through as text.
#pragma once

#include "common/words/word.h"

namespace eoa {

enum class ConditionType { kInitialized, kRunning, kStalled, kSuspended, kExchange, kDurable, kComplete, kFailed };
constexpr auto WordsOf(ConditionType) {
  return Words<ConditionType>("Initialized", "Running", "Stalled", "Suspended", "Exchange", "Durable", "Complete",
                              "Failed");
}

enum class ConditionStatus { kTrue, kFalse, kUnknown };
constexpr auto WordsOf(ConditionStatus) { return Words<ConditionStatus>("True", "False", "Unknown"); }

enum class Reason {
  // of conditions; most are events too
  kInvalidSpec,
  kChildRefused,
  kSpecAccepted,
  kPopulationsRunning,
  kPodsStarting,
  kPodsMissing,
  kPodNotDeleted,
  kPodFailed,
  kTrainerFailed,
  kNoProgress,
  kProgressing,
  kSuspended,
  kResumed,
  kSucceeded,
  kFailed,
  kPopulationsFailed,
  kPreRunningDeadlineExceeded,
  kActiveDeadlineExceeded,
  kRoundsStored,
  kStoreUnavailable,
  kStoreRefused,
  kStoreFull,
  kStoreLost,
  kOnClaims,
  kOnVolume,
  kInPods,
  // of events alone
  kStarted,
  kRunning,
  kPopulationRestarted,
  kPopulationDisrupted,
  kStalled,
  kCompleted,
  kModelKept,
};
constexpr auto WordsOf(Reason) {
  return Words<Reason>("InvalidSpec", "ChildRefused", "SpecAccepted", "PopulationsRunning", "PodsStarting",
                       "PodsMissing", "PodNotDeleted", "PodFailed", "TrainerFailed", "NoProgress", "Progressing",
                       "Suspended", "Resumed", "Succeeded", "Failed", "PopulationsFailed", "PreRunningDeadlineExceeded",
                       "ActiveDeadlineExceeded", "RoundsStored", "StoreUnavailable", "StoreRefused", "StoreFull",
                       "StoreLost", "OnClaims", "OnVolume", "InPods", "Started", "Running", "PopulationRestarted",
                       "PopulationDisrupted", "Stalled", "Completed", "ModelKept");
}

}  // namespace eoa
