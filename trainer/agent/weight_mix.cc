#include "trainer/agent/weight_mix.h"

#include "common/evolve/probe.h"

namespace eoa::agent {

MixPlan PlanMix(const api::JobSpec& spec, int population, const api::Decision& decision) {
  const api::PopulationSpec& own = spec.population(population);
  MixPlan plan;
  plan.own_members = own.members;
  // The weights of a probe are forgotten.
  if (evolve::Probes(spec, decision.generation)) return plan;
  const bool best = spec.ecosphere.weight_merge == api::WeightMerge::kBest;
  const bool take_elected = best && decision.improved;
  if (best) {
    plan.merge.emplace().generation = decision.generation;
    if (take_elected) {
      plan.merge->population = decision.elected.population;
      plan.merge->member = decision.elected.member;
    }
  }
  // One world averages or copies by collectives; None never mixes.
  if (spec.ecosphere.gradient_scope == api::GradientScope::kEcosphere ||
      spec.ecosphere.weight_merge == api::WeightMerge::kNone) {
    return plan;
  }
  for (const api::WeightSource& source : decision.weights) {
    if (source.population == own.name) continue;
    if (take_elected && source.population != decision.elected.population) continue;
    if (take_elected && decision.elected.population == own.name) continue;
    plan.foreign.push_back(source);
  }
  if (take_elected && decision.elected.population != own.name) plan.own_members = 0;
  return plan;
}

Mix MixFetched(const MixPlan& plan, const std::map<std::string, std::string>& files) {
  int members = plan.own_members;
  for (const api::WeightSource& source : plan.foreign) {
    if (files.contains(source.population)) members += source.members;
  }
  Mix mix;
  if (members == 0) return mix;
  mix.own_weight = static_cast<double>(plan.own_members) / members;
  for (const api::WeightSource& source : plan.foreign) {
    const auto file = files.find(source.population);
    if (file == files.end()) continue;
    mix.foreign.push_back({.file = file->second, .weight = static_cast<double>(source.members) / members});
  }
  return mix;
}

}  // namespace eoa::agent
