#include "common/job/job_status.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "common/base/timestamp.h"

namespace eoa::api {
namespace {

using nlohmann::json;

json TimeOrNull(const std::optional<WallTime>& time) { return time ? json(FormatTimestamp(*time)) : json(nullptr); }

template <typename T>
json OrNull(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

const json& Child(const json& object, const char* name) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

std::string Text(const json& object, const char* name) {
  const json& value = Child(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

template <typename Integer = int>
Integer Whole(const json& object, const char* name) {
  const json& value = Child(object, name);
  return value.is_number_integer() ? value.get<Integer>() : Integer{};
}

std::optional<double> Real(const json& object, const char* name) {
  const json& value = Child(object, name);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::optional<WallTime> Time(const json& object, const char* name) { return ParseTimestamp(Text(object, name)); }

json ToJson(const Condition& condition) {
  return {{"type", ToWord(condition.type)},
          {"status", ToWord(condition.status)},
          {"observedGeneration", condition.observed_generation},
          {"lastTransitionTime", FormatTimestamp(condition.last_transition_time)},
          {"reason", condition.reason},
          {"message", condition.message}};
}

json ToJson(const PopulationStatus& row) {
  json document = {{"name", row.name},        {"phase", ToWord(row.phase)}, {"generation", row.generation},
                   {"members", row.members},  {"ready", row.ready},         {"attempt", row.attempt},
                   {"restarts", row.restarts}};
  // In a list the API server refuses null.
  if (row.fitness) document["fitness"] = *row.fitness;
  if (row.learning_rate) document["learningRate"] = *row.learning_rate;
  if (row.last_report_time) document["lastReportTime"] = FormatTimestamp(*row.last_report_time);
  if (!row.message.empty()) document["message"] = row.message;
  return document;
}

Condition ConditionFromJson(ConditionType type, const json& document) {
  return {.type = type,
          .status = FromWord<ConditionStatus>(Text(document, "status")).value_or(ConditionStatus::kUnknown),
          .observed_generation = Whole<std::int64_t>(document, "observedGeneration"),
          .last_transition_time = Time(document, "lastTransitionTime").value_or(WallTime{}),
          .reason = Text(document, "reason"),
          .message = Text(document, "message")};
}

PopulationStatus PopulationFromJson(const json& document) {
  return {.name = Text(document, "name"),
          .phase = FromWord<PopulationPhase>(Text(document, "phase")).value_or(PopulationPhase::kPending),
          .generation = Whole(document, "generation"),
          .members = Whole(document, "members"),
          .ready = Whole(document, "ready"),
          .attempt = Whole(document, "attempt"),
          .restarts = Whole(document, "restarts"),
          .fitness = Real(document, "fitness"),
          .learning_rate = Real(document, "learningRate"),
          .last_report_time = Time(document, "lastReportTime"),
          .message = Text(document, "message")};
}

}  // namespace

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

json ToJson(const JobStatus& status) {
  json conditions = json::array();
  for (const Condition& condition : status.conditions) conditions.push_back(ToJson(condition));
  json populations = json::array();
  for (const PopulationStatus& row : status.populations) populations.push_back(ToJson(row));
  json elected = nullptr;
  if (status.elected) {
    elected = {{"population", status.elected->population},
               {"member", status.elected->member},
               {"learningRate", status.elected->learning_rate},
               {"fitness", status.elected->fitness},
               {"generation", status.elected->generation}};
  }
  return {{"observedGeneration", status.observed_generation},
          {"phase", status.phase ? ToWord(*status.phase) : ""},
          {"conditions", std::move(conditions)},
          {"startTime", TimeOrNull(status.start_time)},
          {"completionTime", TimeOrNull(status.completion_time)},
          {"progress",
           {{"generation", status.progress.generation},
            {"generations", status.progress.generations},
            {"percent", status.progress.percent},
            {"estimatedSecondsLeft", OrNull(status.progress.estimated_seconds_left)}}},
          {"elected", std::move(elected)},
          {"baseline", OrNull(status.baseline)},
          {"restarts", status.restarts},
          {"populations", std::move(populations)},
          {"result", {{"testAccuracy", OrNull(status.test_accuracy)}, {"model", status.model}}},
          {"replicas", status.replicas},
          {"selector", status.selector}};
}

JobStatus StatusFromJson(const json& document) {
  JobStatus status;
  status.observed_generation = Whole<std::int64_t>(document, "observedGeneration");
  if (const std::string phase = Text(document, "phase"); !phase.empty()) {
    status.phase = FromWord<JobPhase>(phase).value_or(JobPhase::kPending);
  }
  if (const json& conditions = Child(document, "conditions"); conditions.is_array()) {
    for (const json& each : conditions) {
      const auto type = FromWord<ConditionType>(Text(each, "type"));
      if (type) status.conditions.push_back(ConditionFromJson(*type, each));
    }
  }
  status.start_time = Time(document, "startTime");
  status.completion_time = Time(document, "completionTime");
  const json& progress = Child(document, "progress");
  status.progress = {.generation = Whole(progress, "generation"),
                     .generations = Whole(progress, "generations"),
                     .percent = Whole(progress, "percent"),
                     .estimated_seconds_left = std::nullopt};
  if (const json& left = Child(progress, "estimatedSecondsLeft"); left.is_number_integer()) {
    status.progress.estimated_seconds_left = left.get<std::int64_t>();
  }
  if (const json& elected = Child(document, "elected"); elected.is_object()) {
    status.elected = {.population = Text(elected, "population"),
                      .member = Whole(elected, "member"),
                      .learning_rate = Real(elected, "learningRate").value_or(0),
                      .fitness = Real(elected, "fitness").value_or(0),
                      .generation = Whole(elected, "generation")};
  }
  status.baseline = Real(document, "baseline");
  status.restarts = Whole(document, "restarts");
  if (const json& rows = Child(document, "populations"); rows.is_array()) {
    for (const json& each : rows) status.populations.push_back(PopulationFromJson(each));
  }
  const json& result = Child(document, "result");
  status.test_accuracy = Real(result, "testAccuracy");
  status.model = Text(result, "model");
  status.replicas = Whole(document, "replicas");
  status.selector = Text(document, "selector");
  return status;
}

}  // namespace eoa::api
