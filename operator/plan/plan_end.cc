#include "broker/core/failure_policy.h"
#include "common/words/labels.h"
#include "operator/plan/draft.h"
#include "operator/plan/names.h"

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
  if (const std::string holder = FindModelHolder(draft.observed, status); !holder.empty()) {
    const api::Metadata& job = draft.job().metadata;
    EmitNormal(draft, Reason::kModelKept,
               "pod " + PodName(draft.job(), holder, 0) +
                   " alone has the model, and stays until it is fetched: eoa fetch " + job.name + " -n " +
                   job.name_space);
  }
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
  const Observed& observed = draft.observed;
  const bool succeeded = api::IsTrue(observed.status, ConditionType::kComplete);
  const api::Retain retain = draft.job().spec.checkpoint.retain;
  // A claim has the model too: it is not taken away before somebody has that.
  const bool taken = succeeded && observed.fetched;
  const bool keep_claims = retain == api::Retain::kAlways || (retain == api::Retain::kOnFailure && !taken);
  const api::CleanPodPolicy policy = draft.policy().clean_pod_policy;
  const ChildrenOptions options = {.pods = policy == api::CleanPodPolicy::kNone,
                                   .keep_claims = keep_claims,
                                   .claims_by_default = ClaimsByDefault(observed),
                                   .with_pod = FindModelHolder(observed, observed.status)};
  ChangeSets(draft, options);
  if (policy == api::CleanPodPolicy::kAll) DeleteChildren(draft);
  draft.status().replicas = options.pods || !options.with_pod.empty() ? 1 : 0;
  ExpireJob(draft);
}

}  // namespace eoa::plan
