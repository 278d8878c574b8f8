#include "common/evolve/rates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "common/base/number.h"
#include "common/evolve/algorithms.h"
#include "common/evolve/election.h"
#include "common/evolve/probe.h"

namespace eoa::evolve {
namespace {

constexpr int kLeadingWolves = 3;

double Clip(const api::AlgorithmSpec& algorithm, double rate) {
  return std::clamp(rate, algorithm.min_learning_rate, algorithm.max_learning_rate);
}

Status CheckAlgorithm(const api::AlgorithmSpec& algorithm, int members) {
  const double low = algorithm.min_learning_rate;
  const double high = algorithm.max_learning_rate;
  if (!(low >= 0 && low <= high && std::isfinite(high))) {
    return InvalidArgumentError("minLearningRate " + FormatNumber(low) + " and maxLearningRate " + FormatNumber(high) +
                                " are not bounds; needed is 0 <= min <= max");
  }
  if (members < 1) return InvalidArgumentError("a population needs at least 1 member");
  if (algorithm.name == api::Algorithm::kGreyWolf && members < kLeadingWolves) {
    return InvalidArgumentError("GreyWolf needs at least 3 members (alpha, beta, delta), not " +
                                std::to_string(members) + "; add members or use Whale");
  }
  if (algorithm.name != api::Algorithm::kFixed && algorithm.space == api::Space::kLog && low == 0) {
    return InvalidArgumentError("space Log needs a minLearningRate above 0: 0 has no logarithm");
  }
  return OkStatus();
}

Result<const api::PopulationSpec*> CheckedPopulation(const api::JobSpec& spec, int population) {
  if (population < 0 || population >= static_cast<int>(spec.populations.size())) {
    return InvalidArgumentError("the job has no population number " + std::to_string(population));
  }
  const api::PopulationSpec& chosen = spec.population(population);
  if (Status status = CheckAlgorithm(chosen.algorithm, chosen.members); !status.ok()) {
    return std::move(status).error().WithContext("population '" + chosen.name + "'");
  }
  return &chosen;
}

double Scale(const api::JobSpec& spec, const api::PopulationSpec& population) {
  switch (population.initial_scaling) {
    case api::Scaling::kLinear:
      return api::ScalingFactor(spec);
    case api::Scaling::kSquareRoot:
      return std::sqrt(api::ScalingFactor(spec));
    case api::Scaling::kNone:
      return 1;
  }
  return 1;
}

Result<double> FixedRate(const api::JobSpec& spec, const api::PopulationSpec& population, int generation) {
  const api::AlgorithmSpec& algorithm = population.algorithm;
  const int generations = spec.ecosphere.generations;
  if (!algorithm.learning_rates.empty()) {
    if (std::cmp_less(algorithm.learning_rates.size(), generations)) {
      return InvalidArgumentError("the schedule has learning rates for " +
                                  std::to_string(algorithm.learning_rates.size()) + " generations, the job has " +
                                  std::to_string(generations) + "; set ecosphere.generations to at most as many");
    }
    return algorithm.learning_rates[static_cast<std::size_t>(generation)];
  }
  const double start = spec.ecosphere.base_learning_rate * Scale(spec, population);
  if (algorithm.schedule == "Cosine") return start * CosineFactor(generation, generations);
  return start;
}

// The LRs from which evolution sets out, after any probe and warm-up.
std::vector<double> SettingOutRates(const api::JobSpec& spec, const api::PopulationSpec& population, double base) {
  SeededRandom random(static_cast<std::uint64_t>(spec.seed), {HashName("start/" + population.name), 0});
  const double start = base * Scale(spec, population);
  std::vector<double> rates;
  rates.reserve(static_cast<std::size_t>(population.members));
  for (int member = 0; member < population.members; ++member) {
    rates.push_back(Clip(population.algorithm, start * (1 + 0.1 * random.NextUniform())));
  }
  return rates;
}

// LRs of `generation` where no election has a say: Fixed, warm-up, and the first generation after it.
Result<std::vector<double>> PlannedRates(const api::JobSpec& spec, const api::PopulationSpec& population,
                                         int generation, const std::optional<double>& probed) {
  if (population.algorithm.name == api::Algorithm::kFixed) {
    EOA_ASSIGN_OR_RETURN(const double rate, FixedRate(spec, population, generation));
    return std::vector<double>(static_cast<std::size_t>(population.members), Clip(population.algorithm, rate));
  }
  const Origin origin = OriginOf(spec, probed);
  const double base = origin.base_learning_rate;
  std::vector<double> rates = SettingOutRates(spec, population, base);
  const int warmup = spec.ecosphere.warmup_generations;
  const int warmed = generation - origin.generation;
  if (warmed < warmup) {
    for (double& rate : rates) {
      rate = Clip(population.algorithm, base + (rate - base) * warmed / static_cast<double>(warmup));
    }
  }
  return rates;
}

// The members by number, each exactly once.
Result<std::vector<api::MemberReport>> InOrder(std::vector<api::MemberReport> members) {
  std::sort(members.begin(), members.end(),
            [](const api::MemberReport& l, const api::MemberReport& r) { return l.member < r.member; });
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (std::cmp_equal(members[i].member, i)) continue;
    return InvalidArgumentError("member " + std::to_string(i) + " did not report, or another did twice");
  }
  return members;
}

Status CheckNumber(const std::string& what, double value) {
  if (std::isfinite(value) && value >= 0) return OkStatus();
  return InvalidArgumentError(what + " " + FormatNumber(value) + " is not a finite number of at least 0");
}

Status CheckUsable(const NextRatesInput& input) {
  EOA_RETURN_IF_ERROR(CheckAlgorithm(input.algorithm, static_cast<int>(input.members.size())));
  EOA_RETURN_IF_ERROR(CheckNumber("the baseline", input.baseline));
  EOA_RETURN_IF_ERROR(CheckNumber("the reference learning rate", input.reference));
  if (input.reference == 0) return InvalidArgumentError("the reference learning rate must be above 0");
  if (!input.algorithm.step_scale_cosine) EOA_RETURN_IF_ERROR(CheckNumber("stepScale", input.algorithm.step_scale));
  for (const api::MemberReport& member : input.members) {
    const std::string name = "member " + std::to_string(member.member);
    EOA_RETURN_IF_ERROR(CheckNumber(name + ": learning rate", member.learning_rate));
    if (!std::isfinite(member.fitness)) {
      return InvalidArgumentError(name + ": fitness " + FormatNumber(member.fitness) + " is not a finite number");
    }
  }
  if (input.generation < 0 || input.generation >= input.generations) {
    return InvalidArgumentError("generation " + std::to_string(input.generation) + " is not one of " +
                                std::to_string(input.generations));
  }
  return OkStatus();
}

Result<std::vector<double>> EvolvedRates(const api::JobSpec& spec, const api::PopulationSpec& population,
                                         const std::vector<api::MemberReport>& members, const api::Decision& decision,
                                         int generation) {
  if (std::cmp_not_equal(members.size(), population.members)) {
    return InvalidArgumentError(std::to_string(members.size()) + " members reported, there are " +
                                std::to_string(population.members));
  }
  SeededRandom random = EvolutionStream(spec.seed, population.name, generation);
  const Origin origin = OriginOf(spec, decision.base_learning_rate);
  return NextRates({population.algorithm, members, decision.baseline, ReferenceRate(spec, decision.base_learning_rate),
                    generation - origin.generation, origin.generations},
                   random);
}

double Spread(const std::vector<double>& rates) {
  const auto [low, high] = std::minmax_element(rates.begin(), rates.end());
  if (*low == *high) return 1;
  return *low > 0 ? *high / *low : std::numeric_limits<double>::infinity();
}

}  // namespace

SeededRandom EvolutionStream(std::int64_t seed, std::string_view population, int generation) {
  return {static_cast<std::uint64_t>(seed),
          {HashName("evolve/" + std::string(population)), static_cast<std::uint64_t>(generation)}};
}

Result<std::vector<double>> StartRates(const api::JobSpec& spec, int population) {
  EOA_ASSIGN_OR_RETURN(const api::PopulationSpec* chosen, CheckedPopulation(spec, population));
  if (Probes(spec, 0)) return ProbeRates(spec, population, 0, ReferenceRate(spec));
  Result<std::vector<double>> rates = PlannedRates(spec, *chosen, 0, {});
  if (!rates.ok()) return std::move(rates).error().WithContext("population '" + chosen->name + "'");
  return rates;
}

Result<std::vector<double>> NextRates(const NextRatesInput& input, Random& random) {
  EOA_RETURN_IF_ERROR(CheckUsable(input));
  EOA_ASSIGN_OR_RETURN(const std::vector<api::MemberReport> members, InOrder(input.members));
  const api::AlgorithmSpec& algorithm = input.algorithm;
  const double a = 2 - 2 * (static_cast<double>(input.generation) / input.generations);
  // Steps end with the LRs that they lead to: delta belongs to the next generation, a to the one that ended.
  const double delta =
      algorithm.step_scale_cosine ? CosineFactor(input.generation + 1, input.generations) : algorithm.step_scale;
  const Step step({algorithm, input.baseline, input.reference, a, delta});
  switch (algorithm.name) {
    case api::Algorithm::kGreyWolf:
      return GreyWolfStep(members, step, random);
    case api::Algorithm::kWhale:
      return WhaleStep(members, step, random);
    case api::Algorithm::kFixed:
      break;
  }
  return InvalidArgumentError("algorithm Fixed does not evolve learning rates");
}

Result<RatesPlan> PlanNextRates(const api::JobSpec& spec, int population, const std::vector<api::MemberReport>& members,
                                const api::Decision& decision, int generation) {
  EOA_ASSIGN_OR_RETURN(const api::PopulationSpec* chosen, CheckedPopulation(spec, population));
  const int next = generation + 1;
  if (generation < 0 || next >= spec.ecosphere.generations) {
    return InvalidArgumentError("no generation follows generation " + std::to_string(generation) + " of " +
                                std::to_string(spec.ecosphere.generations));
  }
  if (Probes(spec, next)) {
    const std::vector<double> trials = ProbeRates(spec, population, next, decision.elected.learning_rate);
    return RatesPlan{trials, Spread(trials)};
  }
  const int unelected = spec.ecosphere.probe_generations + spec.ecosphere.warmup_generations;
  const bool planned = chosen->algorithm.name == api::Algorithm::kFixed || next <= unelected;
  Result<std::vector<double>> rates = planned ? PlannedRates(spec, *chosen, next, decision.base_learning_rate)
                                              : EvolvedRates(spec, *chosen, members, decision, generation);
  if (!rates.ok()) return std::move(rates).error().WithContext("population '" + chosen->name + "'");
  return RatesPlan{*rates, Spread(*rates)};
}

}  // namespace eoa::evolve
