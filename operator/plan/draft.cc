#include "operator/plan/draft.h"

#include <algorithm>
#include <utility>

namespace eoa::plan {
namespace {

void Set(Draft& draft, ConditionType type, ConditionStatus status, std::string reason, const std::string& message) {
  SetCondition(draft.status(), {.type = type,
                                .status = status,
                                .observed_generation = draft.observed.generation,
                                .last_transition_time = draft.now,
                                .reason = std::move(reason),
                                .message = message});
}

}  // namespace

Draft BeginDraft(const TrainerSettings& settings, const Observed& observed, WallTime now) {
  const WallTime whole = std::chrono::floor<std::chrono::seconds>(now);
  return {.settings = settings,
          .observed = observed,
          .pods = LookAtPods(observed.pods, whole),
          .now = whole,
          .result = {.actions = {}, .status = observed.status, .keep_broker = false, .requeue_after = {}}};
}

void SetTrue(Draft& draft, ConditionType type, Reason reason, const std::string& message) {
  Set(draft, type, ConditionStatus::kTrue, std::string(ToWord(reason)), message);
}

void SetFalse(Draft& draft, ConditionType type, Reason reason, const std::string& message) {
  Set(draft, type, ConditionStatus::kFalse, std::string(ToWord(reason)), message);
}

void SetFalse(Draft& draft, ConditionType type, const PodsTrouble& trouble) {
  Set(draft, type, ConditionStatus::kFalse, trouble.reason, trouble.message);
}

void SetUnknown(Draft& draft, ConditionType type, Reason reason, const std::string& message) {
  Set(draft, type, ConditionStatus::kUnknown, std::string(ToWord(reason)), message);
}

void EmitNormal(Draft& draft, Reason reason, const std::string& message) {
  draft.result.actions.emplace_back(EmitEvent{false, std::string(ToWord(reason)), message});
}

void EmitWarning(Draft& draft, Reason reason, const std::string& message) {
  draft.result.actions.emplace_back(EmitEvent{true, std::string(ToWord(reason)), message});
}

void LookAgainIn(Draft& draft, Duration delay) {
  std::optional<Duration>& due = draft.result.requeue_after;
  delay = std::max(delay, kSoon);
  due = due ? std::min(*due, delay) : delay;
}

WallTime RunBegan(Draft& draft) {
  const WallTime start = *draft.status().start_time;
  const api::Condition* suspended = api::FindCondition(draft.status(), ConditionType::kSuspended);
  return suspended == nullptr ? start : std::max(start, suspended->last_transition_time);
}

WallTime WaitBegan(Draft& draft) {
  const api::Condition* running = api::FindCondition(draft.observed.status, ConditionType::kRunning);
  if (running == nullptr) return RunBegan(draft);
  if (running->status == ConditionStatus::kTrue) return draft.now;
  return std::max(RunBegan(draft), running->last_transition_time);
}

}  // namespace eoa::plan
