// Draft: a plan while it is made, and the steps that make it. Each step reads what is observed and what the steps before
// it have put into the draft, and adds actions, conditions and a time to look again. Plan (plan.cc) says which steps
// a job needs, and in which order. Pure; inside operator/plan.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/job/job.h"
#include "common/job/job_status.h"
#include "operator/plan/children.h"
#include "operator/plan/observed.h"
#include "operator/plan/plan.h"
#include "operator/plan/pods.h"
#include "operator/plan/status.h"

namespace eoa::plan {

struct Draft {
  const TrainerSettings& settings;
  const Observed& observed;  // the status in it is the last one that was written
  PodsByPopulation pods;
  WallTime now;  // whole seconds, as a status has them: what is written and what is read back are the same
  PlanResult result;

  // Only when the spec is valid.
  const api::Job& job() const { return *observed.job; }
  const api::RunPolicy& policy() const { return job().spec.run_policy; }

  api::JobStatus& status() { return result.status; }
};

Draft BeginDraft(const TrainerSettings& settings, const Observed& observed, WallTime now);

// ---- what steps put into a draft (draft.cc) ----

void SetTrue(Draft& draft, ConditionType type, Reason reason, const std::string& message);
void SetFalse(Draft& draft, ConditionType type, Reason reason, const std::string& message);
void SetFalse(Draft& draft, ConditionType type, const PodsTrouble& trouble);
void SetUnknown(Draft& draft, ConditionType type, Reason reason, const std::string& message);

void EmitNormal(Draft& draft, Reason reason, const std::string& message);
void EmitWarning(Draft& draft, Reason reason, const std::string& message);

// As soon as a job is looked at again after a change of its own.
inline constexpr Duration kSoon = std::chrono::seconds(1);

// Asks for another plan after `delay`, at least kSoon, unless one is due before.
void LookAgainIn(Draft& draft, Duration delay);

// ---- times (draft.cc) ----

// When this run began: the job's start, or its last resume.
WallTime RunBegan(Draft& draft);

// When the current wait for pods began; now while the job is Running.
WallTime WaitBegan(Draft& draft);

// ---- storage (plan_storage.cc) ----

// What checkpoint.storage Auto stands for: once StatefulSets are there, what it stood for when they were made, as their
// claims cannot change.
bool ClaimsByDefault(const Observed& observed);

// Whether every population's checkpoints outlive its pods.
bool IsDurable(const Observed& observed);

// Where checkpoints are, and whether they last. Condition Durable.
void TellStorage(Draft& draft);

// The population whose first pod alone has the model of a job that has succeeded, while nobody has fetched it; empty when
// there is none.
std::string FindModelHolder(const Observed& observed, const api::JobStatus& status);

// ---- children (plan_children.cc) ----

// Whatever is not there, or not as the spec wants it. Condition Initialized.
void PlanChildren(Draft& draft);

// Changes the StatefulSets that are there; makes none.
void ChangeSets(Draft& draft, const ChildrenOptions& options);

void DeleteChildren(Draft& draft);

// ---- restarts (plan_budget.cc) ----

// Tells of restarts, and stops populations that have used theirs up or that would fail again.
void EnforceBudget(Draft& draft);

// ---- phase (plan_phase.cc) ----

// Whether nothing is waited for: every population runs or has ended. A failed population does not hold the phase back;
// the success policy decides whether the job fails.
bool AllTrainOrEnded(const api::JobStatus& status);

// Pending or Running, and condition Running with what keeps pods from starting.
void DecidePhase(Draft& draft);

// ---- deadlines (plan_deadlines.cc) ----

// Restarts populations that train no step for runPolicy.progressDeadlineSeconds. Condition Stalled.
void CheckProgress(Draft& draft);

// Fails a job that runs or waits for too long (runPolicy.activeDeadlineSeconds, preRunningDeadlineSeconds).
void CheckDeadlines(Draft& draft);

// ---- the broker's store (plan_exchange.cc) ----

// Tells of rounds that cannot be stored or read, and fails a job whose store does not come back. Condition Exchange.
void CheckExchange(Draft& draft);

// ---- the end (plan_end.cc) ----

// `ecosphere` is observed.
void CompleteJob(Draft& draft);
void FailJob(Draft& draft, Reason reason, const std::string& message);

// For a job whose status says already that it has ended: takes pods away, later the job itself.
void CleanUpEndedJob(Draft& draft);

}  // namespace eoa::plan
