#include <algorithm>
#include <optional>
#include <vector>

#include "broker/core/failure_policy.h"
#include "operator/plan/draft.h"

namespace eoa::plan {
namespace {

// ": " and why the population fails; empty when nothing is known.
std::string Because(const Draft& draft, const std::string& population) {
  // The pods' own words are more to the point than what their peers saw.
  const PodsView& pods = PodsOf(draft.pods, population);
  if (pods.trouble) return ": " + pods.trouble->message;
  if (!draft.observed.ecosphere) return "";
  for (const broker::PopulationView& view : draft.observed.ecosphere->populations) {
    if (view.name == population) return view.last_error.empty() ? "" : ": " + view.last_error;
  }
  return "";
}

void EmitRestart(Draft& draft, const api::PopulationStatus& row) {
  const api::PopulationStatus* last = FindRow(draft.observed.status, row.name);
  if (last == nullptr || row.restarts <= last->restarts) return;
  EmitWarning(draft, Reason::kPopulationRestarted,
              row.name + ": restart " + std::to_string(row.restarts) + Because(draft, row.name));
}

void EmitDisruption(Draft& draft, const api::PopulationStatus& row) {
  const std::string& disruption = PodsOf(draft.pods, row.name).disruption;
  const api::PopulationStatus* last = FindRow(draft.observed.status, row.name);
  if (disruption.empty() || last == nullptr || last->attempt == 0 || row.attempt <= last->attempt) return;
  EmitNormal(draft, Reason::kPopulationDisrupted, row.name + ": " + disruption + "; not counted as a restart");
}

}  // namespace

void EnforceBudget(Draft& draft) {
  std::vector<int> restarts;
  for (const api::PopulationStatus& row : draft.status().populations) restarts.push_back(row.restarts);
  const auto exhausted = broker::ExhaustedRestarts(draft.job().spec, restarts);
  for (std::size_t i = 0; i < exhausted.size(); ++i) {
    const api::PopulationStatus& row = draft.status().populations[i];
    if (HasEnded(row.phase)) continue;
    EmitRestart(draft, row);
    EmitDisruption(draft, row);
    if (const PodsView& pods = PodsOf(draft.pods, row.name); pods.hopeless) {
      draft.result.actions.emplace_back(StopPopulation{row.name, pods.trouble->message + " (not retried)"});
    } else if (exhausted[i]) {
      draft.result.actions.emplace_back(StopPopulation{row.name, *exhausted[i] + Because(draft, row.name)});
    }
  }
}

}  // namespace eoa::plan
