#include "broker/core/failure_policy.h"
#include "common/words/labels.h"
#include "operator/plan/draft.h"

namespace eoa::plan {
namespace {

constexpr const char* kPolicyMet = "the job's success policy is met";

// The job itself, runPolicy.ttlSecondsAfterFinished after its end.
void ExpireJob(Draft& draft) {
  const int keep_seconds = draft.policy().ttl_seconds_after_finished;
  const std::optional<WallTime>& ended = draft.observed.status.completion_time;
  if (keep_seconds < 0 || !ended) return;
  const Duration left = *ended + std::chrono::seconds(keep_seconds) - draft.now;
  if (left > Duration::zero()) return LookAgainIn(draft, left);
  const api::Metadata& job = draft.job().metadata;
  draft.result.actions.emplace_back(
      Delete{.api_version = std::string(kApiVersion), .kind = std::string(kJobKind), .name = job.name, .uid = job.uid});
}

}  // namespace

void CompleteJob(Draft& draft) {
  api::JobStatus& status = draft.status();
  status.phase = JobPhase::kSucceeded;
  status.completion_time = draft.now;
  status.progress.percent = 100;
  status.progress.estimated_seconds_left = 0;
  const broker::PopulationView* elected = broker::ElectedPopulation(*draft.observed.ecosphere);
  if (elected != nullptr && elected->finished) {
    status.test_accuracy = elected->finished->test_accuracy;
    status.model = elected->finished->model;
  }
  SetFalse(draft, ConditionType::kRunning, Reason::kSucceeded, "all populations have ended");
  SetTrue(draft, ConditionType::kComplete, Reason::kSucceeded, kPolicyMet);
  EmitNormal(draft, Reason::kCompleted, kPolicyMet);
  LookAgainIn(draft, kSoon);
}

void FailJob(Draft& draft, Reason reason, const std::string& message) {
  draft.status().phase = JobPhase::kFailed;
  draft.status().completion_time = draft.now;
  SetFalse(draft, ConditionType::kRunning, Reason::kFailed, message);
  SetTrue(draft, ConditionType::kFailed, reason, message);
  EmitWarning(draft, reason, message);
  LookAgainIn(draft, kSoon);
}

void CleanUpEndedJob(Draft& draft) {
  const bool succeeded = api::IsTrue(draft.observed.status, ConditionType::kComplete);
  const api::Retain retain = draft.job().spec.checkpoint.retain;
  const bool keep_claims = retain == api::Retain::kAlways || (retain == api::Retain::kOnFailure && !succeeded);
  const bool keep_pods = draft.policy().clean_pod_policy == api::CleanPodPolicy::kNone;
  ChangeSets(draft, {.pods = keep_pods, .keep_claims = keep_claims});
  if (draft.policy().clean_pod_policy == api::CleanPodPolicy::kAll) DeleteChildren(draft);
  draft.status().replicas = keep_pods ? 1 : 0;
  ExpireJob(draft);
}

}  // namespace eoa::plan
