// Election (MPOS-1) and baseline (MPOS-2): what an ecosphere learns from one generation. Pure; docs/algorithm.md has
// the equations.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/job/job.h"
#include "common/messages/messages.h"

namespace eoa::evolve {

// Population name and its report.
using Reports = std::vector<std::pair<std::string, api::ReportRequest>>;

// The best member of the ecosphere: the greatest fitness, among equals the greatest LR, among equals the first
// population in `reports`, and of that the smallest member number. Callers list populations in the job's order, so the
// order of arrival does not matter. InvalidArgument, naming population, member and field, for a fitness that is not
// finite and an LR that is not finite or negative, and when there is no member at all.
Result<api::Elected> Elect(const Reports& reports);

// eta_b: the LR around which every population searches after generation t = `generation` (0-based) of T has ended and
// elected eta* = `elected_rate`. With eta_ref = ReferenceRate(spec):
//   Elected      eta*
//   CosineBlend  (eta* + eta_ref (1 + cos(pi t / T)) / 2) / 2
//   CosineStep   eta* (1 + cos(pi (t+1) / T)) / (1 + cos(pi t / T))
// InvalidArgument for an LR that is not finite or negative, and for a generation that the job does not have.
Result<double> Baseline(const api::JobSpec& spec, double elected_rate, int generation);

// eta_ref = eta0 K, with K as the initial scaling has it (api::ScalingFactor).
double ReferenceRate(const api::JobSpec& spec);

// (1 + cos(pi t / T)) / 2 for 0 <= t <= T: 1 at t = 0, exactly 0 at t = T. Computed as cos^2(pi t / 2T), which loses no
// digits towards the end.
double CosineFactor(int t, int generations);

}  // namespace eoa::evolve
