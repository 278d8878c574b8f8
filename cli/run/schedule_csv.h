// schedule.csv: every member's learning rate in every generation and what came of it (docs/file-formats.md). Pure.
#pragma once

#include <string>

#include "broker/core/view.h"

namespace eoa::local {

// One row for each report of each decided round, by generation, the job's order of populations, and member. Numbers are
// the shortest that read back as the same double, so the same run gives the same bytes.
std::string ScheduleCsv(const api::JobSpec& spec, const broker::EcosphereView& view);

}  // namespace eoa::local
