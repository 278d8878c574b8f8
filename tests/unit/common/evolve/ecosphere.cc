#include "tests/unit/common/evolve/ecosphere.h"

#include <utility>

#include "common/evolve/election.h"
#include "common/evolve/rates.h"

namespace eoa::evolve {
namespace {

std::vector<api::MemberReport> Judge(const std::vector<double>& rates, const std::function<double(double)>& fitness) {
  std::vector<api::MemberReport> members;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    members.push_back({static_cast<int>(i), rates[i], fitness(rates[i]), 0});
  }
  return members;
}

}  // namespace

api::PopulationSpec MakePopulation(const std::string& name, api::Algorithm algorithm, int members) {
  api::PopulationSpec population;
  population.name = name;
  population.algorithm.name = algorithm;
  population.algorithm.step = api::StepRule::kScaled;
  population.algorithm.step_scale_cosine = true;
  population.members = members;
  if (algorithm == api::Algorithm::kFixed) population.initial_scaling = api::Scaling::kNone;
  if (algorithm == api::Algorithm::kWhale) population.initial_scaling = api::Scaling::kSquareRoot;
  return population;
}

api::JobSpec MakeJob(std::vector<api::PopulationSpec> populations) {
  api::JobSpec spec;
  spec.ecosphere.generations = 12;
  spec.ecosphere.baseline = api::BaselineRule::kElected;
  spec.populations = std::move(populations);
  return spec;
}

std::vector<Generation> Run(const api::JobSpec& spec, const std::function<double(double)>& fitness) {
  std::vector<Generation> history;
  const int populations = static_cast<int>(spec.populations.size());
  std::vector<std::vector<double>> rates;
  rates.reserve(spec.populations.size());
  for (int p = 0; p < populations; ++p) rates.push_back(*StartRates(spec, p));
  for (int t = 0; t < spec.ecosphere.generations; ++t) {
    evolve::Reports reports;
    for (std::size_t p = 0; p < rates.size(); ++p) {
      reports.emplace_back(spec.populations[p].name, api::ReportRequest{1, t, Judge(rates[p], fitness), 0});
    }
    api::Decision decision;
    decision.generation = t;
    const api::Decision* before = history.empty() ? nullptr : &history.back().decision;
    decision = *DecideRound(spec, reports, before, decision);
    history.push_back({decision, rates});
    if (t + 1 == spec.ecosphere.generations) break;
    for (int p = 0; p < populations; ++p) {
      const auto at = static_cast<std::size_t>(p);
      rates[at] = PlanNextRates(spec, p, reports[at].second.members, decision, t)->rates;
    }
  }
  return history;
}

}  // namespace eoa::evolve
