#include <algorithm>
#include <optional>

#include "operator/plan/draft.h"
#include "operator/plan/names.h"

namespace eoa::plan {
namespace {

// A StatefulSet makes its pods within seconds, when nobody refuses them.
constexpr Duration kPodsMadeWithin = std::chrono::seconds(60);

// Pods that are being deleted are looked at again: one may be on a node that is lost.
constexpr Duration kDeletionCheck = std::chrono::seconds(30);

// A quota or an admission policy that refuses pods shows in the StatefulSet's events alone.
std::optional<PodsTrouble> FindMissingPods(Draft& draft) {
  for (const api::PopulationSpec& population : draft.job().spec.populations) {
    const api::PopulationStatus* last = FindRow(draft.observed.status, population.name);
    if (last == nullptr || last->phase != PopulationPhase::kPending) continue;
    const PodsView& pods = PodsOf(draft.pods, population.name);
    const int missing = population.members / population.members_per_pod - pods.pods;
    if (missing <= 0 || pods.terminating) continue;
    const Duration left = kPodsMadeWithin - (draft.now - WaitBegan(draft));
    if (left > Duration::zero()) {
      LookAgainIn(draft, left);
      return std::nullopt;
    }
    return PodsTrouble{.reason = std::string(ToWord(Reason::kPodsMissing)),
                       .message = population.name + ": " + std::to_string(missing) +
                                  " pods were not made; often a quota or an admission policy refuses them: kubectl "
                                  "describe statefulset " +
                                  SetName(draft.job(), population.name)};
  }
  return std::nullopt;
}

// What keeps the first population that waits from starting; nothing for pods that are on their way.
std::optional<PodsTrouble> FindTrouble(Draft& draft) {
  for (const api::PopulationStatus& row : draft.status().populations) {
    if (row.phase != PopulationPhase::kPending) continue;
    const PodsView& pods = PodsOf(draft.pods, row.name);
    if (pods.terminating) LookAgainIn(draft, kDeletionCheck);
    if (pods.trouble) return pods.trouble;
  }
  return FindMissingPods(draft);
}

void SetNotRunning(Draft& draft, const PodsTrouble& trouble) {
  SetFalse(draft, ConditionType::kRunning, trouble);
  const api::Condition* before = api::FindCondition(draft.observed.status, ConditionType::kRunning);
  if (before != nullptr && before->reason == trouble.reason) return;
  draft.result.actions.emplace_back(EmitEvent{true, trouble.reason, trouble.message});
}

}  // namespace

bool AllTrainOrEnded(const api::JobStatus& status) {
  return std::all_of(status.populations.begin(), status.populations.end(), [](const api::PopulationStatus& row) {
    return row.phase == PopulationPhase::kRunning || HasEnded(row.phase);
  });
}

void DecidePhase(Draft& draft) {
  api::JobStatus& status = draft.status();
  const api::JobStatus& before = draft.observed.status;
  if (AllTrainOrEnded(status)) {
    const auto training =
        std::count_if(status.populations.begin(), status.populations.end(),
                      [](const api::PopulationStatus& row) { return row.phase != PopulationPhase::kFailed; });
    const std::string count =
        std::to_string(training) + " of " + std::to_string(status.populations.size()) + " populations train";
    status.phase = JobPhase::kRunning;
    SetTrue(draft, ConditionType::kRunning, Reason::kPopulationsRunning, count);
    if (!api::IsTrue(before, ConditionType::kRunning)) EmitNormal(draft, Reason::kRunning, count);
    return;
  }
  status.phase = before.phase == JobPhase::kRunning ? JobPhase::kRunning : JobPhase::kPending;
  if (const std::optional<PodsTrouble> trouble = FindTrouble(draft)) {
    SetNotRunning(draft, *trouble);
  } else {
    SetFalse(draft, ConditionType::kRunning, Reason::kPodsStarting, "waiting for all members to join");
  }
}

}  // namespace eoa::plan
