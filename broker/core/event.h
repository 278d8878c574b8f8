// What a job's broker must not forget, as values. The broker's state is a fold over them (broker/core/state.h): the
// same events in the same order give the same state, so a broker that was restarted goes on where the last one ended.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "common/messages/messages.h"

namespace eoa::broker {

// A pod as it takes part in an attempt.
struct AttemptPod {
  std::string population;
  int pod = 0;
  std::string incarnation;
  std::string address;
  int store_port = 0;
  int weights_port = 0;
};

// All pods of a world have joined: its next attempt began.
struct AttemptStarted {
  int attempt = 0;
  int resume_generation = 0;
  std::vector<AttemptPod> pods;  // of the whole world, by rank
  std::string excuse = {};       // why it does not count as a restart; empty: it counts
};

// The first report of an attempt for a generation; a repetition is no event.
struct ReportAccepted {
  std::string population;
  api::ReportRequest report;
  // How many seconds the round had been open, as far as the broker that took the report saw. For people to read; no rule
  // depends on it. Unknown in Async mode.
  std::optional<double> seconds_open = std::nullopt;
};

// An election took place. It never changes and never takes place again.
struct RoundClosed {
  std::string population;  // Async: the only one it is for; Sync: empty, it is for all
  api::Decision decision;
  std::optional<double> seconds_open = std::nullopt;  // as above
};

// A leader delivered its population's terminal result.
struct PopulationFinished {
  std::string population;
  api::FinishRequest result;
};

// The population was given up from outside.
struct PopulationStopped {
  std::string population;
  std::string reason;
};

using Event = std::variant<AttemptStarted, ReportAccepted, RoundClosed, PopulationFinished, PopulationStopped>;

// {"type": "AttemptStarted", ...}; FromJson's errors name the field.
nlohmann::json ToJson(const Event& event);
Result<Event> EventFromJson(const nlohmann::json& document);

}  // namespace eoa::broker
