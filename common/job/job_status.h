// The status of an EOAJob (eoa.io/v1alpha1) as C++ values: what the operator reports. docs/operations.md explains phases,
// conditions and reasons to users; common/crd/crd_status.cc is its schema. Pure values; thread-safe as such.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/job/elected.h"
#include "common/words/conditions.h"
#include "common/words/phases.h"

namespace eoa::api {

// metav1.Condition.
struct Condition {
  ConditionType type = ConditionType::kInitialized;
  ConditionStatus status = ConditionStatus::kUnknown;
  std::int64_t observed_generation = 0;
  WallTime last_transition_time;  // of `status`
  std::string reason;             // a Reason, or one CamelCase word of Kubernetes
  std::string message;            // for people

  friend bool operator==(const Condition&, const Condition&) = default;
};

struct JobProgress {
  int generation = 0;  // that were decided
  int generations = 0;
  int percent = 0;
  std::optional<std::int64_t> estimated_seconds_left;

  friend bool operator==(const JobProgress&, const JobProgress&) = default;
};

struct PopulationStatus {
  std::string name;
  PopulationPhase phase = PopulationPhase::kPending;
  int generation = 0;
  int members = 0;
  int ready = 0;     // members in pods that are ready
  int attempt = 0;   // the newest, after a resume the one to come; 0: none yet, or suspended
  int restarts = 0;  // that count towards maxPopulationRestarts
  std::optional<double> fitness;
  std::optional<double> learning_rate;
  std::optional<WallTime> last_report_time;
  std::string message;

  friend bool operator==(const PopulationStatus&, const PopulationStatus&) = default;
};

struct JobStatus {
  std::int64_t observed_generation = 0;
  std::optional<JobPhase> phase;  // none: never reconciled
  std::vector<Condition> conditions;
  std::optional<WallTime> start_time;
  std::optional<WallTime> completion_time;
  JobProgress progress;
  std::optional<Elected> elected;
  std::optional<double> baseline;
  int restarts = 0;
  std::vector<PopulationStatus> populations;
  std::optional<double> test_accuracy;
  std::string model;
  int replicas = 0;  // 1 while the job has pods
  std::string selector;

  friend bool operator==(const JobStatus&, const JobStatus&) = default;
};

// Null when there is none of that type.
const Condition* FindCondition(const JobStatus& status, ConditionType type);
bool IsTrue(const JobStatus& status, ConditionType type);

// Complete or Failed: nothing is started any more.
bool IsTerminal(const JobStatus& status);

nlohmann::json ToJson(const JobStatus& status);

// Reads what ToJson wrote; fields that are missing or of another type count as absent, since the API server has checked
// them. What a newer operator wrote before it was rolled back is read as far as this one knows it: an unknown phase as
// Pending, and conditions of an unknown type, which nobody would keep up any more, not at all.
JobStatus StatusFromJson(const nlohmann::json& document);

}  // namespace eoa::api
