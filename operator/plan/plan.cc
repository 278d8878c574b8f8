#include "operator/plan/plan.h"

#include <utility>

#include "broker/core/failure_policy.h"
#include "common/words/labels.h"
#include "operator/plan/draft.h"

namespace eoa::plan {
namespace {

// What becomes of what was trained.
std::string DescribeSuspension(const Draft& draft) {
  if (!draft.observed.status.start_time) return "no pods are made";
  return IsDurable(draft.observed) ? "pods are removed, checkpoints are kept"
                                   : "pods are removed, and with them their checkpoints: training will begin again";
}

std::string DescribeResume(const Draft& draft) {
  if (!draft.observed.status.start_time) return "pods are started";
  return IsDurable(draft.observed) ? "pods are started, and go on from the newest checkpoints"
                                   : "pods are started; no checkpoints were kept, so training begins again";
}

// What passed the API server's schema and is wrong all the same. Not final: the user may correct it.
void RefuseSpec(Draft& draft) {
  const Observed& observed = draft.observed;
  if (api::IsTerminal(observed.status)) return;
  // Populations that already train keep their broker.
  draft.result.keep_broker = observed.ecosphere.has_value();
  draft.status().observed_generation = observed.generation;
  if (!draft.status().phase) draft.status().phase = JobPhase::kPending;
  SetFalse(draft, ConditionType::kInitialized, Reason::kInvalidSpec, observed.invalid);
  if (draft.status() != observed.status) EmitWarning(draft, Reason::kInvalidSpec, observed.invalid);
}

void SuspendJob(Draft& draft) {
  draft.status().phase = JobPhase::kSuspended;
  SetFalse(draft, ConditionType::kRunning, Reason::kSuspended, "spec.suspend is true");
  const std::string message = DescribeSuspension(draft);
  SetTrue(draft, ConditionType::kSuspended, Reason::kSuspended, message);
  if (!api::IsTrue(draft.observed.status, ConditionType::kSuspended)) EmitNormal(draft, Reason::kSuspended, message);
  PlanChildren(draft);
}

void RunJob(Draft& draft) {
  const Observed& observed = draft.observed;
  draft.result.keep_broker = true;
  if (api::IsTrue(observed.status, ConditionType::kSuspended)) {
    SetFalse(draft, ConditionType::kSuspended, Reason::kResumed, "spec.suspend is false");
    EmitNormal(draft, Reason::kResumed, DescribeResume(draft));
  }
  PlanChildren(draft);
  EnforceBudget(draft);
  CheckProgress(draft);
  const broker::JobVerdict verdict =
      observed.ecosphere ? broker::JudgeJob(draft.job().spec, *observed.ecosphere) : broker::JobVerdict{};
  if (verdict.outcome == Outcome::kSucceeded) return CompleteJob(draft);
  if (verdict.outcome == Outcome::kFailed) return FailJob(draft, Reason::kPopulationsFailed, verdict.reason);
  DecidePhase(draft);
  CheckExchange(draft);
  if (!api::IsTerminal(draft.status())) CheckDeadlines(draft);
}

void PlanLiveJob(Draft& draft) {
  const api::JobSpec& spec = draft.job().spec;
  draft.status() = ComputeStatus(draft.observed, draft.pods, draft.now);
  TellStorage(draft);
  if (spec.suspend) {
    SuspendJob(draft);
  } else {
    RunJob(draft);
  }
  if (!draft.observed.status.phase) {
    EmitNormal(draft, Reason::kStarted,
               std::to_string(spec.populations.size()) + " populations of " +
                   std::to_string(api::EcosphereMembers(spec)) + " members");
  }
  draft.status() = DropMinorChanges(draft.observed.status, std::move(draft.status()));
}

}  // namespace

PlanResult Plan(const TrainerSettings& settings, const Observed& observed, WallTime now) {
  Draft draft = BeginDraft(settings, observed, now);
  const bool is_ours = !observed.job || observed.job->spec.managed_by == kManagedBy;
  if (observed.deleting || !is_ours) return std::move(draft.result);
  if (!observed.job) {
    RefuseSpec(draft);
  } else if (api::IsTerminal(observed.status)) {
    CleanUpEndedJob(draft);
  } else {
    PlanLiveJob(draft);
  }
  return std::move(draft.result);
}

}  // namespace eoa::plan
