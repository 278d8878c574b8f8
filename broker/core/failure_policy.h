// When a population may be restarted, and how a job ends (spec.runPolicy). Pure; `eoa run` and the operator share it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/core/view.h"
#include "common/job/job.h"
#include "common/words/phases.h"

namespace eoa::broker {

// Why a population has used up its restarts; by population, empty where it may go on. `restarts` is by population. With
// gradientScope Ecosphere the populations share their attempts and are counted once.
std::vector<std::optional<std::string>> ExhaustedRestarts(const api::JobSpec& spec, const std::vector<int>& restarts);

// Restarts of all populations together, as backoffLimit counts them.
int RestartsTogether(const api::JobSpec& spec, const std::vector<int>& restarts);

struct JobVerdict {
  Outcome outcome = Outcome::kRunning;
  std::string reason;  // of kFailed, and of kInterrupted: Ctrl-C or SIGTERM, which only `eoa run` ends a job with
};

// kRunning until the success policy is met by finished populations and none runs any more, or cannot be met any more;
// never kInterrupted.
JobVerdict JudgeJob(const api::JobSpec& spec, const EcosphereView& view);

// "wolves: " and why it failed.
std::string FailureOf(const PopulationView& population);

// The population whose model is the job's result: the elected's of the last round, or nullptr before any round.
const PopulationView* ElectedPopulation(const EcosphereView& view);

}  // namespace eoa::broker
