// The learning rates of a population: where they start, and what each generation makes of them. Pure: the same seed and
// reports give the same LRs, whatever the order of arrival, on any machine. docs/algorithm.md has the equations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/api/job.h"
#include "common/api/messages.h"
#include "common/base/random.h"
#include "common/base/result.h"

namespace eoa::evolve {

// A population whose spread falls below this explores no more; callers warn.
inline constexpr double kNarrowSpread = 1.05;

// LRs of the population's members in generation 0, by member. Linear: eta0 K u_i; SquareRoot: eta0 sqrt(K) u_i; None:
// eta0 u_i; u_i uniform in [1.0, 1.1], drawn by member from the population's start stream. Fixed starts at its
// schedule's first LR, without u_i. Clipped. With warmupGenerations W, generation w < W uses eta0 + (start - eta0) w /
// W, so this is eta0 for all.
Result<std::vector<double>> StartRates(const api::JobSpec& spec, int population);

struct RatesPlan {
  std::vector<double> rates;  // by member
  double spread = 1;          // greatest / smallest
};

// LRs of generation `generation` + 1, after `generation` (0-based) ended with these members (one report for each, any
// order) and this decision. InvalidArgument, naming member and field, for non-finite or missing numbers.
Result<RatesPlan> PlanNextRates(const api::JobSpec& spec, int population, const std::vector<api::MemberReport>& members,
                                const api::Decision& decision, int generation);

struct NextRatesInput {
  api::AlgorithmSpec algorithm;            // GreyWolf or Whale
  std::vector<api::MemberReport> members;  // in order of member; fitness and LR are read
  double baseline = 0;                     // eta_b
  double reference = 0;                    // eta_ref > 0
  int t = 0;                               // complete generations, 1 .. T
  int generations = 1;                     // T
};

// One step of the population's algorithm, taking random numbers from `random` in the order that docs/algorithm.md
// fixes, so that recorded numbers can be replayed.
Result<std::vector<double>> NextRates(const NextRatesInput& input, Random& random);

// The stream from which PlanNextRates draws.
SeededRandom EvolutionStream(std::int64_t seed, std::string_view population, int generation);

// The learning rates of a schedule.csv by generation: the LR of the row that is marked as elected. InvalidArgument with
// the line for text that is not a schedule, for a generation without an elected row, and for gaps.
Result<std::vector<double>> ParseSchedule(std::string_view csv);

}  // namespace eoa::evolve
