// Whether a job's populations may still be restarted (runPolicy.maxPopulationRestarts, runPolicy.backoffLimit). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/api/job.h"
#include "common/base/clock.h"

namespace eoa::local {

struct PopulationLosses {
  int attempts = 0;      // started so far, as the broker counts
  int agent_deaths = 0;  // of all its pods
};

// Why a population has used up its restarts; by population, empty where it may go on. Both ways of counting see most
// losses, so the greater one counts. With gradientScope Ecosphere the populations share their attempts and are counted
// once.
std::vector<std::optional<std::string>> ExhaustedRestarts(const api::JobSpec& spec,
                                                          const std::vector<PopulationLosses>& losses);

// How long to wait before an agent that died `deaths` times is started again: at once, then 0.5 s, doubling up to 10 s.
Duration RestartDelay(int deaths);

}  // namespace eoa::local
