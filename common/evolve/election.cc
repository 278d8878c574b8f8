#include "common/evolve/election.h"

#include <cmath>
#include <optional>

#include "common/base/number.h"
#include "common/evolve/portable_math.h"

namespace eoa::evolve {
namespace {

Error Unusable(const std::string& population, const api::MemberReport& member, std::string_view field, double value) {
  return InvalidArgumentError("population '" + population + "', member " + std::to_string(member.member) + ": " +
                              std::string(field) + " " + FormatNumber(value) + " is not usable in an election");
}

// `best` comes from the same population or one before.
bool Beats(const api::Elected& candidate, const api::Elected& best) {
  if (candidate.fitness != best.fitness) return candidate.fitness > best.fitness;
  if (candidate.learning_rate != best.learning_rate) return candidate.learning_rate > best.learning_rate;
  return candidate.population == best.population && candidate.member < best.member;
}

}  // namespace

Result<api::Elected> Elect(const Reports& reports) {
  std::optional<api::Elected> best;
  for (const auto& [population, report] : reports) {
    for (const api::MemberReport& member : report.members) {
      if (!std::isfinite(member.fitness)) return Unusable(population, member, "fitness", member.fitness);
      if (!std::isfinite(member.learning_rate) || member.learning_rate < 0) {
        return Unusable(population, member, "learning rate", member.learning_rate);
      }
      const api::Elected candidate{population, member.member, member.learning_rate, member.fitness, report.generation};
      if (!best || Beats(candidate, *best)) best = candidate;
    }
  }
  if (!best) return InvalidArgumentError("an election needs at least one member");
  return *best;
}

double CosineFactor(int t, int generations) {
  const double root = CosPi(static_cast<double>(t) / (2.0 * generations));
  return root * root;
}

double ReferenceRate(const api::JobSpec& spec) { return spec.ecosphere.base_learning_rate * api::ScalingFactor(spec); }

Result<double> Baseline(const api::JobSpec& spec, double elected_rate, int generation) {
  if (!std::isfinite(elected_rate) || elected_rate < 0) {
    return InvalidArgumentError("the elected learning rate " + FormatNumber(elected_rate) +
                                " is not a finite number of at least 0");
  }
  const int generations = spec.ecosphere.generations;
  if (generation < 0 || generation >= generations) {
    return InvalidArgumentError("generation " + std::to_string(generation) + " is not one of the job's " +
                                std::to_string(generations));
  }
  switch (spec.ecosphere.baseline) {
    case api::BaselineRule::kElected:
      return elected_rate;
    case api::BaselineRule::kCosineBlend:
      return (elected_rate + ReferenceRate(spec) * CosineFactor(generation, generations)) / 2;
    case api::BaselineRule::kCosineStep:
      return elected_rate * (CosineFactor(generation + 1, generations) / CosineFactor(generation, generations));
  }
  return InternalError("unknown baseline rule");
}

}  // namespace eoa::evolve
