#include <algorithm>

#include "common/base/json_access.h"
#include "operator/plan/draft.h"
#include "operator/plan/storage.h"

namespace eoa::plan {
namespace {

// "wolves, whales": those whose storage is as `is` says.
template <typename Is>
std::string PopulationsWith(const Observed& observed, Is is) {
  const bool claims = ClaimsByDefault(observed);
  std::string names;
  for (const api::PopulationSpec& population : observed.job->spec.populations) {
    if (!is(StorageOf(*observed.job, population, claims))) continue;
    names += (names.empty() ? "" : ", ") + population.name;
  }
  return names;
}

}  // namespace

bool ClaimsByDefault(const Observed& observed) {
  if (observed.stateful_sets.empty()) return observed.default_storage_class;
  return std::ranges::any_of(observed.stateful_sets, [](const JsonPtr& set) {
    return TextAt(At(*set, "metadata", "annotations"), kStorageAnnotation) == ToWord(Place::kClaims);
  });
}

bool IsDurable(const Observed& observed) {
  return PopulationsWith(observed, [](const Storage& storage) { return !storage.durable; }).empty();
}

void TellStorage(Draft& draft) {
  const Observed& observed = draft.observed;
  const std::string lost = PopulationsWith(observed, [](const Storage& storage) { return !storage.durable; });
  if (!lost.empty()) {
    const std::string message =
        lost +
        ": checkpoints and the model lie in the pods, and are lost with them: a pod that is evicted or a job that is "
        "suspended begins again. Give the job spec.checkpoint.volumeClaim, or a volume called checkpoints";
    SetFalse(draft, ConditionType::kDurable, Reason::kInPods, message);
    if (api::FindCondition(observed.status, ConditionType::kDurable) == nullptr &&
        draft.job().spec.checkpoint.storage != api::Storage::kPod) {
      EmitWarning(draft, Reason::kInPods, message);
    }
    return;
  }
  const bool volume =
      !PopulationsWith(observed, [](const Storage& storage) { return storage.place == Place::kVolume; }).empty();
  if (volume) {
    SetTrue(draft, ConditionType::kDurable, Reason::kOnVolume,
            "checkpoints and the model are on the template's volume, in a folder for each pod");
  } else {
    SetTrue(draft, ConditionType::kDurable, Reason::kOnClaims,
            "checkpoints and the model are on claims: " +
                ClaimName(draft.job(), draft.job().spec.population(0).name, 0) + " and the like");
  }
}

std::string FindModelHolder(const Observed& observed, const api::JobStatus& status) {
  const api::JobSpec& spec = observed.job->spec;
  if (spec.run_policy.clean_pod_policy != api::CleanPodPolicy::kFetched || observed.fetched) return "";
  if (!api::IsTrue(status, ConditionType::kComplete) || status.model.empty() || !status.elected) return "";
  const int elected = api::FindPopulation(spec, status.elected->population);
  if (elected < 0 || StorageOf(*observed.job, spec.population(elected), ClaimsByDefault(observed)).durable) return "";
  return status.elected->population;
}

}  // namespace eoa::plan
