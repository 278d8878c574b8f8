// Election (MPOS-1) and baseline (MPOS-2): what an ecosphere learns from one generation. Pure; docs/algorithm.md has
// the equations.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/job/job.h"
#include "common/messages/messages.h"

namespace eoa::evolve {

// Population name and its report.
using Reports = std::vector<std::pair<std::string, api::ReportRequest>>;

// Whether `left` is fitter than `right`: the greater fitness; of equals the less validation loss, which tells apart what
// some hundred images count the same (known before unknown); then the smaller LR, since members that all guess tell
// nothing, and one of them may have been broken by its LR. False for members that are equal in all three.
bool Fitter(const api::MemberReport& left, const api::MemberReport& right);

// The best member of the ecosphere: the fittest, among equals the first population in `reports`, and of that the
// smallest member number. Callers list populations in the job's order, so the order of arrival does not matter.
// InvalidArgument, naming population, member and field, for a fitness that is not finite and an LR that is not finite or
// negative, and when there is no member at all.
Result<api::Elected> Elect(const Reports& reports);

// The best trial of a probe generation: the least validation loss, which ranks LRs when all still classify badly; a loss
// that is not known is the worst. Otherwise as Elect().
Result<api::Elected> ElectTrial(const Reports& reports);

// eta_b: the LR around which every population searches after generation `generation` has ended and elected a member,
// whose LR is eta* and whose report is of generation s (with Async it may be another one). Generations are counted from
// the probe's end: t = generation - probeGenerations, T = generations - probeGenerations. With c = CosineFactor and
// eta_ref = ReferenceRate():
//   Elected           eta*
//   CosineBlend       (eta* + eta_ref c(t)) / 2
//   CosineStep        eta* c(t+1) / c(s)
//   CosineMultiplier  c(t+1) (eta* / c(s) + eta_ref) / 2
// After a probe generation it is eta*, whatever the rule. `probed`: see OriginOf (probe.h). InvalidArgument for an LR
// that is not finite or negative, and for a generation that the job does not have.
Result<double> Baseline(const api::JobSpec& spec, const api::Elected& elected, int generation,
                        const std::optional<double>& probed = {});

// What a round decides: elected, baseline and base_learning_rate; the rest is as in `decision`. `before`: the last
// decision that its populations know of, or null in the first round. Errors as Elect() and Baseline().
Result<api::Decision> DecideRound(const api::JobSpec& spec, const Reports& reports, const api::Decision* before,
                                  api::Decision decision);

// eta_ref = eta0 K, with K as the initial scaling has it (api::ScalingFactor) and eta0 the job's base LR, or what a
// probe found.
double ReferenceRate(const api::JobSpec& spec, const std::optional<double>& probed = {});

// (1 + cos(pi t / T)) / 2 for 0 <= t <= T: 1 at t = 0, exactly 0 at t = T. Computed as cos^2(pi t / 2T), which loses no
// digits towards the end.
double CosineFactor(int t, int generations);

}  // namespace eoa::evolve
