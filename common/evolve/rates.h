// The learning rates of a population: where they start, and what each generation makes of them. Pure: the same seed and
// reports give the same LRs, whatever the order of arrival, on any machine. docs/algorithm.md has the equations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/random.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "common/messages/messages.h"

namespace eoa::evolve {

// A population whose spread falls below this explores no more; callers warn.
inline constexpr double kNarrowSpread = 1.05;

// LRs of the population's members in generation 0, by member. Linear: eta0 K u_i; SquareRoot: eta0 sqrt(K) u_i; None:
// eta0 u_i; u_i = 1 + 0.1 r with r uniform in [0, 1), one for each member in order, from the stream
// {HashName("start/" + population name), 0} of the job's seed. With warmupGenerations W, generation w < W uses
// eta0 + (start - eta0) w / W, so generation 0 is eta0 for all; W is the first that uses the start LRs. Generations of a
// probe come before all that (probe.h). Fixed follows
// its schedule from the first generation, without u_i and warm-up. Everything is clipped to the population's bounds.
// InvalidArgument for a population that cannot evolve (Grey Wolf with fewer than three members, ...) or whose schedule
// is shorter than the job, so that nobody trains for hours first.
Result<std::vector<double>> StartRates(const api::JobSpec& spec, int population);

struct RatesPlan {
  std::vector<double> rates;  // by member
  double spread = 1;          // greatest / smallest; infinite if only the smallest is 0
};

// LRs of generation `generation` + 1, after `generation` (0-based, not the job's last) ended with these members (one
// report for each, in any order) and this decision. Draws from EvolutionStream(seed, population name, generation).
// InvalidArgument, naming member and field, for non-finite, negative or missing numbers.
Result<RatesPlan> PlanNextRates(const api::JobSpec& spec, int population, const std::vector<api::MemberReport>& members,
                                const api::Decision& decision, int generation);

struct NextRatesInput {
  api::AlgorithmSpec algorithm;            // GreyWolf or Whale
  std::vector<api::MemberReport> members;  // 0 .. n-1, in any order; fitness and LR are read
  double baseline = 0;                     // eta_b
  double reference = 0;                    // eta_ref > 0
  int generation = 0;                      // t: the one that ended, 0 .. T-1
  int generations = 1;                     // T
};

// One step of the population's algorithm; the result is by member. Takes uniform numbers from `random` in this order,
// so that recorded ones can be replayed:
//   A term s(p, x) = p - N(A D(p, x)) takes r for A = a (2 r - 1), then r' for C = 2 r'.
//   Grey Wolf: members from the fittest to the least fit (Fitter(), election.h; of equals the smaller member number
//   first); for each its terms: alpha: around eta_b; beta: eta_b, alpha'; delta: eta_b, alpha', beta'; omegas: alpha',
//   beta', delta'.
//   Whale: members by number; for each p, then l. If p < 0.5, r for A. If then |A| < 1, r' for C around eta_b;
//   else r'' for the member j = floor(n r'') of this population, itself included, then r' for C around x_j.
Result<std::vector<double>> NextRates(const NextRatesInput& input, Random& random);

SeededRandom EvolutionStream(std::int64_t seed, std::string_view population, int generation);

// The LRs of a schedule.csv that trained its model, by generation: its column `trained`; probe generations, which leave
// it empty, are left out. An older file, which has no such column, gives the elected LRs: of several rows that
// are marked as elected (rounds of Async) the one that an election would choose, and in a generation without one the LR
// before, since an older report stayed elected. InvalidArgument with the line or generation for text that is not a
// schedule, for a generation without rows, and when nobody is elected in the first.
Result<std::vector<double>> ParseSchedule(std::string_view csv);

}  // namespace eoa::evolve
