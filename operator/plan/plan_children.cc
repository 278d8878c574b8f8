#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/words/labels.h"
#include "operator/plan/draft.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

// A child of that name that is being deleted must be gone before it can be made again.
constexpr Duration kDeletionTakes = std::chrono::seconds(2);

constexpr char kStatefulSet[] = "StatefulSet";
constexpr char kService[] = "Service";

bool IsBeingDeleted(const json& object) { return object.at("metadata").contains("deletionTimestamp"); }

// The child as it is observed; null when it is not there.
const json* FindChild(const Observed& observed, const json& wanted) {
  const json& kind = wanted.at("kind");
  const std::vector<JsonPtr>& objects = kind == kStatefulSet ? observed.stateful_sets
                                        : kind == kService   ? observed.services
                                                             : observed.config_maps;
  const std::string name = wanted.at("metadata").at("name");
  const auto found = std::find_if(objects.begin(), objects.end(), [&](const JsonPtr& object) {
    return object->at("metadata").value("name", "") == name;
  });
  return found == objects.end() ? nullptr : found->get();
}

std::string HashOf(const json& object) {
  return object.at("metadata").value("annotations", json::object()).value(std::string(kHashAnnotation), "");
}

// As it was applied last, and nobody has changed its size since.
bool IsAsWanted(const json& child, const json& wanted) {
  if (HashOf(child) != HashOf(wanted)) return false;
  if (wanted.at("kind") != kStatefulSet) return true;
  return child.value("spec", json::object()).value("replicas", -1) == wanted.at("spec").at("replicas");
}

void DeleteAll(Draft& draft, const std::vector<JsonPtr>& objects, const char* api_version, const char* kind) {
  for (const JsonPtr& object : objects) {
    if (IsBeingDeleted(*object)) continue;
    const json& metadata = object->at("metadata");
    draft.result.actions.emplace_back(Delete{.api_version = api_version,
                                             .kind = kind,
                                             .name = metadata.value("name", ""),
                                             .uid = metadata.value("uid", "")});
  }
}

}  // namespace

void PlanChildren(Draft& draft) {
  bool applies = false;
  for (json& wanted : Children(draft.settings, draft.job(), OptionsOf(draft.job(), ClaimsByDefault(draft.observed)))) {
    const json* child = FindChild(draft.observed, wanted);
    if (child != nullptr && IsBeingDeleted(*child)) {
      LookAgainIn(draft, kDeletionTakes);
      continue;
    }
    if (child != nullptr && IsAsWanted(*child, wanted)) continue;
    draft.result.actions.emplace_back(Apply{std::move(wanted), child == nullptr});
    applies = true;
  }
  // A refusal stands until nothing is left to apply; told anew at each try it would be a write each time.
  const api::Condition* before = api::FindCondition(draft.observed.status, ConditionType::kInitialized);
  const bool refused = before != nullptr && before->reason == ToWord(Reason::kChildRefused);
  if (refused && applies) return;
  SetTrue(draft, ConditionType::kInitialized, Reason::kSpecAccepted, "the job's objects are planned");
}

void ChangeSets(Draft& draft, const ChildrenOptions& options) {
  for (json& wanted : Children(draft.settings, draft.job(), options)) {
    const json* child = FindChild(draft.observed, wanted);
    if (child == nullptr || wanted.at("kind") != kStatefulSet) continue;
    if (IsAsWanted(*child, wanted) || IsBeingDeleted(*child)) continue;
    draft.result.actions.emplace_back(Apply{std::move(wanted), false});
  }
}

void DeleteChildren(Draft& draft) {
  // A StatefulSet goes once its pods have, so that claims are kept or deleted as it says.
  if (draft.observed.pods.empty()) DeleteAll(draft, draft.observed.stateful_sets, "apps/v1", kStatefulSet);
  DeleteAll(draft, draft.observed.services, "v1", kService);
}

}  // namespace eoa::plan
