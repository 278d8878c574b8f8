#include "operator/plan/children.h"

#include "common/base/hex.h"
#include "common/base/json_guard.h"
#include "common/base/random.h"
#include "common/job/read_job.h"
#include "operator/plan/names.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

json Metadata(const api::Job& job, const std::string& name, const std::string& population = "") {
  return {{"name", name},
          {"namespace", job.metadata.name_space},
          {"labels", Labels(job, population)},
          {"ownerReferences", OwnerReferences(job)}};
}

// FNV-1a of the text: two objects that differ are never taken for one by accident alone.
json Hashed(json object) {
  object["metadata"]["annotations"][kHashAnnotation] = HexNumber(HashName(DumpJson(object)), 16);
  return object;
}

json Service(const api::Job& job) {
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", Metadata(job, ServiceName(job))},
          {"spec",
           {{"clusterIP", "None"},
            // Trainers meet before they are ready.
            {"publishNotReadyAddresses", true},
            {"selector", {{kJobUidLabel, job.metadata.uid}}},
            {"ports", json::array({{{"name", kMetricsPortName},
                                    {"port", kMetricsPort},
                                    {"targetPort", kMetricsPortName},
                                    {"protocol", "TCP"}}})}}}};
}

json JobConfigMap(const api::Job& job) {
  // What trainers do not read would only make the object change.
  api::Job resolved = job;
  resolved.metadata.labels.clear();
  resolved.metadata.annotations.clear();
  resolved.spec.suspend = false;
  resolved.spec.pod_template = {};
  resolved.spec.run_policy = {};
  for (api::PopulationSpec& population : resolved.spec.populations) population.pod_template = {};
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", Metadata(job, JobConfigMapName(job))},
          {"data", {{"job.json", DumpJsonPretty(api::JobToJson(resolved))}}}};
}

int PodsOf(const api::PopulationSpec& population, const ChildrenOptions& options) {
  if (options.pods) return population.members / population.members_per_pod;
  return population.name == options.with_pod ? 1 : 0;
}

json StatefulSet(const TrainerSettings& settings, const api::Job& job, const api::PopulationSpec& population,
                 const ChildrenOptions& options) {
  const Storage storage = StorageOf(job, population, options.claims_by_default);
  json set = {{"apiVersion", "apps/v1"},
              {"kind", "StatefulSet"},
              {"metadata", Metadata(job, SetName(job, population.name), population.name)}};
  set["metadata"]["annotations"][kStorageAnnotation] = ToWord(storage.place);
  json& spec = set["spec"];
  spec["serviceName"] = ServiceName(job);
  spec["replicas"] = PodsOf(population, options);
  spec["podManagementPolicy"] = "Parallel";
  // A population restarts as a whole when its pods join again; replacing them one by one would cost an attempt each.
  spec["updateStrategy"] = {{"type", "OnDelete"}};
  spec["selector"] = {{"matchLabels", {{kJobUidLabel, job.metadata.uid}, {kPopulationLabel, population.name}}}};
  spec["template"] = PodTemplate(settings, job, population, storage);
  if (storage.place != Place::kClaims) return set;
  json claim = {{"apiVersion", "v1"}, {"kind", "PersistentVolumeClaim"}, {"spec", ClaimSpec(job, population)}};
  claim["metadata"] = {{"name", kCheckpointVolume}, {"labels", Labels(job, population.name)}};
  spec["volumeClaimTemplates"] = json::array({std::move(claim)});
  spec["persistentVolumeClaimRetentionPolicy"] = {{"whenDeleted", options.keep_claims ? "Retain" : "Delete"},
                                                  {"whenScaled", "Retain"}};
  return set;
}

}  // namespace

ChildrenOptions OptionsOf(const api::Job& job, bool claims_by_default) {
  return {.pods = !job.spec.suspend,
          .keep_claims = job.spec.checkpoint.retain != api::Retain::kNever,
          .claims_by_default = claims_by_default};
}

std::vector<json> Children(const TrainerSettings& settings, const api::Job& job, const ChildrenOptions& options) {
  std::vector<json> children = {Hashed(Service(job)), Hashed(JobConfigMap(job))};
  for (const api::PopulationSpec& population : job.spec.populations) {
    children.push_back(Hashed(StatefulSet(settings, job, population, options)));
  }
  return children;
}

}  // namespace eoa::plan
