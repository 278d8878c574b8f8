// Plan: from what is there to what is to be done, and to what is told. Level-triggered: it looks at the state alone, so
// it may be called at any time, again, or after a crash between any two actions; once everything is as it should be it
// asks for nothing. Pure.
//
// A job that has ended is latched: its status is written first, and only the next Plan, which sees that status, takes
// pods away.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/job/job_status.h"
#include "operator/plan/observed.h"
#include "operator/plan/pod_template.h"

namespace eoa::plan {

// Make the object as it is here. `missing`: nothing of that name was seen, so what is there all the same is not ours.
struct Apply {
  nlohmann::json object;
  bool missing = false;
};

struct Delete {
  std::string api_version;
  std::string kind;
  std::string name;  // in the job's namespace
  std::string uid;   // only the object that was seen
  std::string propagation = "Background";
};

// The broker gives the population up: its agents stop.
struct StopPopulation {
  std::string name;
  std::string reason;
};

// The broker ends the population's attempt: its agents restart their workers.
struct RestartPopulation {
  std::string name;
  std::string reason;
};

// For people, once the status is written.
struct EmitEvent {
  bool warning = false;
  std::string reason;
  std::string message;
};

using Action = std::variant<Apply, Delete, StopPopulation, RestartPopulation, EmitEvent>;

struct PlanResult {
  std::vector<Action> actions;            // in this order
  api::JobStatus status;                  // equal to the observed one: nothing to write
  bool keep_broker = false;               // whether a broker must serve the job
  std::optional<Duration> requeue_after;  // when time alone makes something due
};

PlanResult Plan(const TrainerSettings& settings, const Observed& observed, WallTime now);

}  // namespace eoa::plan
