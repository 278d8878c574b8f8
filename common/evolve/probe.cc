#include "common/evolve/probe.h"

#include <algorithm>
#include <cmath>

#include "common/evolve/portable_math.h"

namespace eoa::evolve {
namespace {

constexpr int kFewestTrials = 4;  // of all populations together
constexpr double kHalfSpan = 2;   // decades to either side of the start
constexpr double kLogOfTen = 2.302585092994045684;

int PopulationsOf(const api::JobSpec& spec) { return static_cast<int>(spec.populations.size()); }

// Number of trials before this one, when populations take turns.
int Place(const api::JobSpec& spec, int population, int trial) {
  int place = 0;
  for (int other = 0; other < PopulationsOf(spec); ++other) {
    place += std::min(ProbeTrials(spec, other), trial + (other < population ? 1 : 0));
  }
  return place;
}

}  // namespace

bool Probes(const api::JobSpec& spec, int generation) { return generation < spec.ecosphere.probe_generations; }

Origin OriginOf(const api::JobSpec& spec, const std::optional<double>& probed) {
  const int probes = spec.ecosphere.probe_generations;
  return {.base_learning_rate = probed.value_or(spec.ecosphere.base_learning_rate),
          .generation = probes,
          .generations = spec.ecosphere.generations - probes};
}

int ProbeTrials(const api::JobSpec& spec, int population) {
  const int populations = PopulationsOf(spec);
  const int wanted = (kFewestTrials + populations - 1) / populations;
  return std::min(wanted, spec.population(population).members);
}

std::vector<double> ProbeRates(const api::JobSpec& spec, int population, int generation, double centre) {
  int count = 0;
  for (int other = 0; other < PopulationsOf(spec); ++other) count += ProbeTrials(spec, other);
  double width = kHalfSpan / count;
  for (int g = 1; g < generation; ++g) width /= std::max(1, count - 1);

  const api::PopulationSpec& own = spec.population(population);
  const int trials = ProbeTrials(spec, population);
  std::vector<double> rates;
  for (int member = 0; member < own.members; ++member) {
    const int place = Place(spec, population, member * trials / own.members);
    const double from_centre = 2 * place + 1 - count;
    const double decades =
        generation == 0 ? kHalfSpan * from_centre / count : width * from_centre / std::max(1, count - 1);
    rates.push_back(std::clamp(centre * PortableExp(kLogOfTen * decades), own.algorithm.min_learning_rate,
                               own.algorithm.max_learning_rate));
  }
  return rates;
}

}  // namespace eoa::evolve
