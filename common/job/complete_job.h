// Defaults that depend on other fields.
#pragma once

#include "common/document/findings.h"
#include "common/job/job.h"

namespace eoa::api {

// Fills in what the file does not give (common/job/schema.h: `derived`). All other defaults are there already.
void CompleteJob(Job& job, const Findings& findings);

// "spec.populations[2]".
std::string PopulationPath(std::size_t index);

}  // namespace eoa::api
