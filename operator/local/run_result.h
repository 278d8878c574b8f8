// How a run ended, by the job's success policy, and result.json (docs/file-formats.md). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/api/job.h"
#include "common/base/clock.h"
#include "operator/broker/broker_server.h"

namespace eoa::local {

enum class Outcome { kRunning, kSucceeded, kFailed, kInterrupted };

std::string_view OutcomeName(Outcome outcome);

struct Verdict {
  Outcome outcome = Outcome::kRunning;
  std::string reason;  // of kFailed and kInterrupted
};

// kRunning until the success policy is met by finished populations and none runs any more, or cannot be met any more.
Verdict Judge(const api::JobSpec& spec, const broker::EcosphereView& view);

struct RunSummary {
  Verdict verdict;
  Duration duration{};
  WallTime started;
  std::string version;  // of eoa
};

nlohmann::ordered_json RunResultJson(const api::Job& job, const broker::EcosphereView& view, const RunSummary& summary);

// The population whose model is the run's result: the elected's of the last round, or nullptr before any round.
const broker::PopulationView* ElectedPopulation(const broker::EcosphereView& view);

}  // namespace eoa::local
