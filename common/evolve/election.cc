#include "common/evolve/election.h"

#include <cmath>
#include <optional>

#include "common/base/number.h"
#include "common/evolve/portable_math.h"
#include "common/evolve/probe.h"

namespace eoa::evolve {
namespace {

Error Unusable(const std::string& population, const api::MemberReport& member, std::string_view field, double value) {
  return InvalidArgumentError("population '" + population + "', member " + std::to_string(member.member) + ": " +
                              std::string(field) + " " + FormatNumber(value) + " is not usable in an election");
}

bool LossIsLess(const api::MemberReport& left, const api::MemberReport& right) {
  return left.fitness_loss && (!right.fitness_loss || *left.fitness_loss < *right.fitness_loss);
}

bool BetterTrial(const api::MemberReport& left, const api::MemberReport& right) {
  if (LossIsLess(left, right) || LossIsLess(right, left)) return LossIsLess(left, right);
  return Fitter(left, right);
}

Result<api::Elected> Best(const Reports& reports,
                          bool (*better)(const api::MemberReport& left, const api::MemberReport& right)) {
  std::optional<api::Elected> elected;
  const api::MemberReport* best = nullptr;
  for (const auto& [population, report] : reports) {
    for (const api::MemberReport& member : report.members) {
      if (!std::isfinite(member.fitness)) return Unusable(population, member, "fitness", member.fitness);
      if (!std::isfinite(member.learning_rate) || member.learning_rate < 0) {
        return Unusable(population, member, "learning rate", member.learning_rate);
      }
      const bool equal = best != nullptr && !better(member, *best) && !better(*best, member);
      const bool first = equal && elected->population == population && member.member < best->member;
      if (best != nullptr && !better(member, *best) && !first) continue;
      best = &member;
      elected = {population, member.member, member.learning_rate, member.fitness, report.generation};
    }
  }
  if (!elected) return InvalidArgumentError("an election needs at least one member");
  return *elected;
}

}  // namespace

bool Fitter(const api::MemberReport& left, const api::MemberReport& right) {
  if (left.fitness != right.fitness) return left.fitness > right.fitness;
  if (LossIsLess(left, right) || LossIsLess(right, left)) return LossIsLess(left, right);
  return left.learning_rate < right.learning_rate;
}

Result<api::Elected> Elect(const Reports& reports) { return Best(reports, Fitter); }

Result<api::Elected> ElectTrial(const Reports& reports) { return Best(reports, BetterTrial); }

double CosineFactor(int t, int generations) {
  const double root = CosPi(static_cast<double>(t) / (2.0 * generations));
  return root * root;
}

double ReferenceRate(const api::JobSpec& spec, const std::optional<double>& probed) {
  return OriginOf(spec, probed).base_learning_rate * api::ScalingFactor(spec);
}

Result<double> Baseline(const api::JobSpec& spec, const api::Elected& elected, int generation,
                        const std::optional<double>& probed) {
  const double rate = elected.learning_rate;
  if (!std::isfinite(rate) || rate < 0) {
    return InvalidArgumentError("the elected learning rate " + FormatNumber(rate) +
                                " is not a finite number of at least 0");
  }
  for (const int of : {generation, elected.generation}) {
    if (of >= 0 && of < spec.ecosphere.generations) continue;
    return InvalidArgumentError("generation " + std::to_string(of) + " is not one of the job's " +
                                std::to_string(spec.ecosphere.generations));
  }
  if (Probes(spec, generation)) return rate;
  const Origin origin = OriginOf(spec, probed);
  const auto factor = [&](int of) { return CosineFactor(of - origin.generation, origin.generations); };
  const double reference = ReferenceRate(spec, probed);
  // A trial of the probe, elected because nobody has reported since, was no part of the annealing.
  const double then = Probes(spec, elected.generation) ? 1 : factor(elected.generation);
  switch (spec.ecosphere.baseline) {
    case api::BaselineRule::kElected:
      return rate;
    case api::BaselineRule::kCosineBlend:
      return (rate + reference * factor(generation)) / 2;
    case api::BaselineRule::kCosineStep:
      return rate * (factor(generation + 1) / then);
    case api::BaselineRule::kCosineMultiplier:
      return factor(generation + 1) * (rate / then + reference) / 2;
  }
  return InternalError("unknown baseline rule");
}

Result<api::Decision> DecideRound(const api::JobSpec& spec, const Reports& reports, const api::Decision* before,
                                  api::Decision decision) {
  const bool probes = Probes(spec, decision.generation);
  EOA_ASSIGN_OR_RETURN(decision.elected, probes ? ElectTrial(reports) : Elect(reports));
  if (probes) {
    decision.base_learning_rate = decision.elected.learning_rate / api::ScalingFactor(spec);
  } else if (before != nullptr) {
    decision.base_learning_rate = before->base_learning_rate;
  }
  EOA_ASSIGN_OR_RETURN(decision.baseline,
                       Baseline(spec, decision.elected, decision.generation, decision.base_learning_rate));
  return decision;
}

}  // namespace eoa::evolve
