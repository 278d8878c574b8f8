#include "operator/plan/draft.h"

namespace eoa::plan {
namespace {

// A store that refuses or has lost rounds for so long is not coming back by itself.
constexpr Duration kStoreDeadline = std::chrono::minutes(15);

// How long it lasts shows only in the next look.
constexpr Duration kStoreCheck = std::chrono::seconds(30);

Reason ReasonOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kDataLoss:
      return Reason::kStoreLost;
    case ErrorCode::kResourceExhausted:
      return Reason::kStoreFull;
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kAborted:
    case ErrorCode::kCancelled:
      return Reason::kStoreUnavailable;
    default:
      return Reason::kStoreRefused;
  }
}

}  // namespace

void CheckExchange(Draft& draft) {
  const std::optional<broker::StoreFault>& fault = draft.observed.store_fault;
  const api::Condition* before = api::FindCondition(draft.observed.status, ConditionType::kExchange);
  if (!fault) {
    if (before == nullptr || before->status == ConditionStatus::kTrue || !draft.observed.ecosphere) return;
    SetTrue(draft, ConditionType::kExchange, Reason::kRoundsStored, "rounds are stored again");
    EmitNormal(draft, Reason::kRoundsStored, "rounds are stored again");
    return;
  }
  const Reason reason = ReasonOf(fault->error.code());
  const std::string& message = fault->error.message();
  LookAgainIn(draft, kStoreCheck);
  if (before == nullptr || before->reason != ToWord(reason)) EmitWarning(draft, reason, message);
  if (reason == Reason::kStoreUnavailable) return SetUnknown(draft, ConditionType::kExchange, reason, message);
  SetFalse(draft, ConditionType::kExchange, reason, message);
  if (fault->lasting < kStoreDeadline) return;
  FailJob(draft, reason, "its rounds could not be stored for 15 minutes: " + message);
}

}  // namespace eoa::plan
