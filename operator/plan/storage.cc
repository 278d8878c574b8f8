#include "operator/plan/storage.h"

#include <algorithm>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "common/base/json_access.h"
#include "common/estimate/memory_estimate.h"
#include "common/words/labels.h"
#include "operator/plan/names.h"
#include "operator/plan/overlay.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

// Null when there is none.
const json& Find(const json& list, const char* field, std::string_view value) {
  static const json kNone;
  if (!list.is_array()) return kNone;
  const auto found = std::ranges::find_if(list, [&](const json& item) { return TextAt(item, field) == value; });
  return found == list.end() ? kNone : *found;
}

// What a pod of the population has on its disk, at most.
std::int64_t BytesOf(const api::JobSpec& spec, const api::PopulationSpec& population) {
  const api::MemoryEstimate member = api::EstimateMemory(spec.trainer);
  const std::int64_t weights = 4 * member.parameters;
  const bool own_weights = spec.ecosphere.weight_merge == api::WeightMerge::kNone;
  const std::int64_t members = population.members_per_pod;
  const std::int64_t checkpoint = (own_weights ? members : 1) * weights + members * member.optimizer_bytes;
  // Two more than `keep`: one until every pod has the newest, one that is being written.
  const std::int64_t checkpoints = (spec.checkpoint.keep + 2) * checkpoint;
  // Merged weights: served, and fetched from each population; and the model.
  const auto served = static_cast<std::int64_t>(4 + spec.ecosphere.exchange.max_staleness + spec.populations.size());
  return checkpoints + served * weights;
}

}  // namespace

Storage StorageOf(const api::Job& job, const api::PopulationSpec& population, bool claims_by_default) {
  const json pod = OverlayTemplates(job.spec.pod_template.json(), population.pod_template.json());
  const json& spec = At(pod, "spec");
  const json& trainer = Find(At(spec, "containers"), "name", kTrainerContainer);
  const json& mount = Find(At(trainer, "volumeMounts"), "mountPath", kCheckpointFolder);
  const json& volume =
      Find(At(spec, "volumes"), "name", mount.is_null() ? std::string(kCheckpointVolume) : TextAt(mount, "name"));
  if (!volume.is_null()) return {.place = Place::kVolume, .durable = !volume.contains("emptyDir")};
  const api::CheckpointSpec& checkpoint = job.spec.checkpoint;
  if (checkpoint.storage == api::Storage::kPod) return {};
  const bool claims =
      checkpoint.storage == api::Storage::kClaim || !checkpoint.volume_claim.empty() || claims_by_default;
  return claims ? Storage{.place = Place::kClaims, .durable = true} : Storage{};
}

json ClaimSpec(const api::Job& job, const api::PopulationSpec& population) {
  if (!job.spec.checkpoint.volume_claim.empty()) return job.spec.checkpoint.volume_claim.json();
  constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;
  // A quarter for the file system, and a whole one for small things.
  const std::int64_t gibibytes = (BytesOf(job.spec, population) * 5 / 4 + kGibibyte - 1) / kGibibyte + 1;
  return {{"accessModes", {"ReadWriteOnce"}},
          {"resources", {{"requests", {{"storage", std::to_string(gibibytes) + "Gi"}}}}}};
}

std::string ClaimName(const api::Job& job, const std::string& population, int pod) {
  return std::string(kCheckpointVolume) + "-" + PodName(job, population, pod);
}

}  // namespace eoa::plan
