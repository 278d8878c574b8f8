#include "operator/plan/draft.h"

namespace eoa::plan {
namespace {

std::string Seconds(int seconds) { return std::to_string(seconds) + " s"; }

}  // namespace

void CheckProgress(Draft& draft) {
  const int seconds = draft.policy().progress_deadline_seconds;
  const Duration deadline = std::chrono::seconds(seconds);
  std::string stalled;
  for (api::PopulationStatus& row : draft.status().populations) {
    const auto moved = draft.observed.last_progress.find(row.name);
    if (row.phase != PopulationPhase::kRunning || moved == draft.observed.last_progress.end()) continue;
    const Duration quiet = draft.now - moved->second;
    if (quiet < deadline) {
      LookAgainIn(draft, deadline - quiet);
      continue;
    }
    row.phase = PopulationPhase::kStalled;
    row.message = "no step for " + Seconds(seconds);
    stalled += (stalled.empty() ? "" : ", ") + row.name;
    draft.result.actions.emplace_back(
        RestartPopulation{row.name, row.message + " (runPolicy.progressDeadlineSeconds)"});
  }
  if (!stalled.empty()) {
    SetTrue(draft, ConditionType::kStalled, Reason::kNoProgress,
            stalled + ": no step for runPolicy.progressDeadlineSeconds; restarted");
    EmitWarning(draft, Reason::kStalled, stalled + ": no step for " + Seconds(seconds));
  } else if (api::IsTrue(draft.observed.status, ConditionType::kStalled) && AllTrainOrEnded(draft.status())) {
    SetFalse(draft, ConditionType::kStalled, Reason::kProgressing, "all populations train again");
  }
}

void CheckDeadlines(Draft& draft) {
  const api::RunPolicy& policy = draft.policy();
  if (policy.active_deadline_seconds > 0) {
    const Duration left = std::chrono::seconds(policy.active_deadline_seconds) - (draft.now - RunBegan(draft));
    if (left <= Duration::zero()) {
      return FailJob(
          draft, Reason::kActiveDeadlineExceeded,
          "not finished within runPolicy.activeDeadlineSeconds (" + Seconds(policy.active_deadline_seconds) + ")");
    }
    LookAgainIn(draft, left);
  }
  // It holds for every wait, also after a pod was lost: what cannot be placed again would wait for ever.
  if (api::IsTrue(draft.status(), ConditionType::kRunning) || policy.pre_running_deadline_seconds <= 0) return;
  const Duration left = std::chrono::seconds(policy.pre_running_deadline_seconds) - (draft.now - WaitBegan(draft));
  if (left > Duration::zero()) return LookAgainIn(draft, left);
  const api::Condition* why = api::FindCondition(draft.status(), ConditionType::kRunning);
  FailJob(draft, Reason::kPreRunningDeadlineExceeded,
          "not running within runPolicy.preRunningDeadlineSeconds (" + Seconds(policy.pre_running_deadline_seconds) +
              "): " + (why == nullptr ? "" : why->message));
}

}  // namespace eoa::plan
