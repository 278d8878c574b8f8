#include "common/evolve/rates.h"

#include <algorithm>
#include <cmath>

#include "common/base/number.h"
#include "common/evolve/algorithms.h"
#include "common/evolve/election.h"

namespace eoa::evolve {
namespace {

double Clip(const api::AlgorithmSpec& algorithm, double rate) {
  return std::clamp(rate, algorithm.min_learning_rate, algorithm.max_learning_rate);
}

Result<const api::PopulationSpec*> Population(const api::JobSpec& spec, int population) {
  if (population < 0 || population >= static_cast<int>(spec.populations.size())) {
    return InvalidArgumentError("the job has no population number " + std::to_string(population));
  }
  return &spec.populations[static_cast<std::size_t>(population)];
}

double Scale(const api::JobSpec& spec, const api::PopulationSpec& population) {
  switch (population.initial_scaling) {
    case api::Scaling::kLinear:
      return ScalingFactor(spec);
    case api::Scaling::kSquareRoot:
      return std::sqrt(ScalingFactor(spec));
    case api::Scaling::kNone:
      return 1;
  }
  return 1;
}

Result<double> FixedRate(const api::JobSpec& spec, const api::PopulationSpec& population, int generation) {
  const api::AlgorithmSpec& algorithm = population.algorithm;
  if (!algorithm.learning_rates.empty()) {
    if (generation >= static_cast<int>(algorithm.learning_rates.size())) {
      return InvalidArgumentError("population '" + population.name + "': the schedule has learning rates for " +
                                  std::to_string(algorithm.learning_rates.size()) + " generations, the job has " +
                                  std::to_string(spec.ecosphere.generations));
    }
    return algorithm.learning_rates[static_cast<std::size_t>(generation)];
  }
  const double start = spec.ecosphere.base_learning_rate * Scale(spec, population);
  if (algorithm.schedule == "Cosine") return start * CosineFactor(generation, spec.ecosphere.generations);
  return start;
}

// The LRs from which evolution sets out, after any warm-up.
std::vector<double> SettingOutRates(const api::JobSpec& spec, const api::PopulationSpec& population) {
  SeededRandom random(static_cast<std::uint64_t>(spec.seed), {HashName("start/" + population.name), 0});
  const double start = spec.ecosphere.base_learning_rate * Scale(spec, population);
  std::vector<double> rates;
  for (int member = 0; member < population.members; ++member) {
    rates.push_back(Clip(population.algorithm, start * (1 + 0.1 * random.NextUniform())));
  }
  return rates;
}

// LRs of generation `generation` where no election has a say: warm-up, and the first generation after it.
Result<std::vector<double>> PlannedRates(const api::JobSpec& spec, const api::PopulationSpec& population,
                                         int generation) {
  if (population.algorithm.name == api::Algorithm::kFixed) {
    EOA_ASSIGN_OR_RETURN(const double rate, FixedRate(spec, population, generation));
    return std::vector<double>(static_cast<std::size_t>(population.members), Clip(population.algorithm, rate));
  }
  std::vector<double> rates = SettingOutRates(spec, population);
  const int warmup = spec.ecosphere.warmup_generations;
  if (generation < warmup) {
    const double base = spec.ecosphere.base_learning_rate;
    for (double& rate : rates) {
      rate = Clip(population.algorithm, base + (rate - base) * generation / static_cast<double>(warmup));
    }
  }
  return rates;
}

Result<std::vector<api::MemberReport>> InOrder(std::vector<api::MemberReport> members,
                                               const api::PopulationSpec& population) {
  std::sort(members.begin(), members.end(),
            [](const api::MemberReport& l, const api::MemberReport& r) { return l.member < r.member; });
  const auto name = [&](int member) {
    return "population '" + population.name + "', member " + std::to_string(member);
  };
  if (static_cast<int>(members.size()) != population.members) {
    return InvalidArgumentError("population '" + population.name + "' has " + std::to_string(population.members) +
                                " members, but " + std::to_string(members.size()) + " reported");
  }
  for (int i = 0; i < population.members; ++i) {
    const api::MemberReport& member = members[static_cast<std::size_t>(i)];
    if (member.member != i) return InvalidArgumentError(name(i) + " did not report, or another did twice");
  }
  return members;
}

Status CheckUsable(const NextRatesInput& input) {
  const auto check = [](const std::string& what, double value) -> Status {
    if (std::isfinite(value) && value >= 0) return OkStatus();
    return InvalidArgumentError(what + " " + FormatNumber(value) + " is not a finite number of at least 0");
  };
  EOA_RETURN_IF_ERROR(check("the baseline", input.baseline));
  EOA_RETURN_IF_ERROR(check("the reference learning rate", input.reference));
  if (input.reference <= 0) return InvalidArgumentError("the reference learning rate must be above 0");
  for (const api::MemberReport& member : input.members) {
    const std::string name = "member " + std::to_string(member.member);
    EOA_RETURN_IF_ERROR(check(name + ": learning rate", member.learning_rate));
    EOA_RETURN_IF_ERROR(check(name + ": fitness", member.fitness));
  }
  if (input.generations < 1 || input.t < 0 || input.t > input.generations) {
    return InvalidArgumentError("generation " + std::to_string(input.t) + " of " + std::to_string(input.generations) +
                                " does not exist");
  }
  return OkStatus();
}

}  // namespace

SeededRandom EvolutionStream(std::int64_t seed, std::string_view population, int generation) {
  return SeededRandom(static_cast<std::uint64_t>(seed),
                      {HashName("evolve/" + std::string(population)), static_cast<std::uint64_t>(generation)});
}

Result<std::vector<double>> StartRates(const api::JobSpec& spec, int population) {
  EOA_ASSIGN_OR_RETURN(const api::PopulationSpec* chosen, Population(spec, population));
  return PlannedRates(spec, *chosen, 0);
}

Result<std::vector<double>> NextRates(const NextRatesInput& input, Random& random) {
  EOA_RETURN_IF_ERROR(CheckUsable(input));
  const api::AlgorithmSpec& algorithm = input.algorithm;
  const double a = 2 - 2 * (static_cast<double>(input.t) / input.generations);
  const double delta = algorithm.step_scale_cosine ? CosineFactor(input.t, input.generations) : algorithm.step_scale;
  const Step step({algorithm, input.baseline, input.reference, a, delta});
  switch (algorithm.name) {
    case api::Algorithm::kGreyWolf:
      if (input.members.size() < 3) {
        return InvalidArgumentError("Grey Wolf needs at least 3 members (alpha, beta, delta); there are " +
                                    std::to_string(input.members.size()));
      }
      return GreyWolfStep(input.members, step, random);
    case api::Algorithm::kWhale:
      if (input.members.empty()) return InvalidArgumentError("Whale needs at least 1 member");
      return WhaleStep(input.members, step, random);
    case api::Algorithm::kFixed:
      break;
  }
  return InvalidArgumentError("Fixed does not evolve");
}

Result<RatesPlan> PlanNextRates(const api::JobSpec& spec, int population, const std::vector<api::MemberReport>& members,
                                const api::Decision& decision, int generation) {
  EOA_ASSIGN_OR_RETURN(const api::PopulationSpec* chosen, Population(spec, population));
  const int next = generation + 1;
  RatesPlan plan;
  if (chosen->algorithm.name == api::Algorithm::kFixed || next <= spec.ecosphere.warmup_generations) {
    EOA_ASSIGN_OR_RETURN(plan.rates, PlannedRates(spec, *chosen, next));
  } else {
    EOA_ASSIGN_OR_RETURN(std::vector<api::MemberReport> ordered, InOrder(members, *chosen));
    SeededRandom random = EvolutionStream(spec.seed, chosen->name, generation);
    EOA_ASSIGN_OR_RETURN(plan.rates, NextRates({chosen->algorithm, std::move(ordered), decision.baseline,
                                                ReferenceRate(spec), next, spec.ecosphere.generations},
                                               random));
  }
  const auto [low, high] = std::minmax_element(plan.rates.begin(), plan.rates.end());
  plan.spread = *low > 0 ? *high / *low : 1;
  return plan;
}

}  // namespace eoa::evolve
