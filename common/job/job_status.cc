#include "common/job/job_status.h"

#include <algorithm>

#include "common/codec/codec.h"

namespace eoa::api {
namespace {

constexpr codec::NumberSpec kNumberOrNull{.presence = codec::kNullable};

}  // namespace

static void Fields(codec::Visitor& v, Condition& value) {
  v.Type("condition");
  v.Word("type", value.type);
  v.KnownWord("status", value.status);
  v.Integer("observedGeneration", value.observed_generation);
  v.Time("lastTransitionTime", value.last_transition_time);
  v.Text("reason", value.reason);
  v.Text("message", value.message, {.most = 32768});
}

// In a list the API server refuses null.
static void Fields(codec::Visitor& v, PopulationStatus& value) {
  v.Type("population");
  v.Text("name", value.name);
  v.KnownWord("phase", value.phase);
  v.Integer("generation", value.generation);
  v.Integer("members", value.members);
  v.Integer("ready", value.ready);
  v.Integer("attempt", value.attempt);
  v.Integer("restarts", value.restarts);
  v.Number("fitness", value.fitness, {.presence = codec::kSparse});
  v.Number("learningRate", value.learning_rate, {.presence = codec::kSparse});
  v.Time("lastReportTime", value.last_report_time, codec::kSparse);
  v.Text("message", value.message, {.presence = codec::kSparse});
}

static void Fields(codec::Visitor& v, JobProgress& value) {
  v.Type("progress");
  v.Integer("generation", value.generation);
  v.Integer("generations", value.generations);
  v.Integer("percent", value.percent);
  v.Integer("estimatedSecondsLeft", value.estimated_seconds_left, {.presence = codec::kNullable});
}

static void Fields(codec::Visitor& v, JobStatus& value) {
  v.Type("status");
  v.Integer("observedGeneration", value.observed_generation);
  std::string phase(value.phase ? ToWord(*value.phase) : "");
  v.Text("phase", phase);
  value.phase.reset();
  if (!phase.empty()) value.phase = FromWord<JobPhase>(phase).value_or(JobPhase::kPending);
  v.Objects("conditions", value.conditions);
  v.Time("startTime", value.start_time, codec::kNullable);
  v.Time("completionTime", value.completion_time, codec::kNullable);
  v.Object("progress", value.progress);
  v.Object("elected", value.elected, codec::kNullable);
  v.Number("baseline", value.baseline, kNumberOrNull);
  v.Integer("restarts", value.restarts);
  v.Objects("populations", value.populations);
  v.Group("result", [&](codec::Visitor& result) {
    result.Number("testAccuracy", value.test_accuracy, kNumberOrNull);
    result.Text("model", value.model);
  });
  v.Integer("replicas", value.replicas);
  v.Text("selector", value.selector);
}

const Condition* FindCondition(const JobStatus& status, ConditionType type) {
  const auto found = std::find_if(status.conditions.begin(), status.conditions.end(),
                                  [&](const Condition& condition) { return condition.type == type; });
  return found == status.conditions.end() ? nullptr : &*found;
}

bool IsTrue(const JobStatus& status, ConditionType type) {
  const Condition* condition = FindCondition(status, type);
  return condition != nullptr && condition->status == ConditionStatus::kTrue;
}

bool IsTerminal(const JobStatus& status) {
  return IsTrue(status, ConditionType::kComplete) || IsTrue(status, ConditionType::kFailed);
}

nlohmann::json ToJson(const JobStatus& status) { return codec::ToJson(status); }

JobStatus StatusFromJson(const nlohmann::json& document) { return codec::FromJsonTolerantly<JobStatus>(document); }

}  // namespace eoa::api
