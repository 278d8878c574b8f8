// The table that `eoa run` shows on a terminal. Pure: a view of the ecosphere goes in, lines come out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/core/view.h"
#include "common/base/clock.h"
#include "common/job/job.h"

namespace eoa::local {

struct TableTimes {
  Duration elapsed{};
  std::vector<std::optional<Duration>> left;  // by population, in the job's order
};

struct TableStyle {
  int width = 80;  // columns; no line is wider. Columns of less weight are left out on narrow terminals
  bool color = false;
};

std::vector<std::string> RenderTable(const api::Job& job, const broker::EcosphereView& view, const TableTimes& times,
                                     const TableStyle& style);

// Generations done by a population, parts of the running one included.
double GenerationsDone(const api::JobSpec& spec, const broker::PopulationView& population);

// "0.18..0.24", "0.2" when all are the same, "-" for none.
std::string FormatRange(const std::vector<double>& values, int digits);

}  // namespace eoa::local
