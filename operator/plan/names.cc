#include "operator/plan/names.h"

#include <nlohmann/json.hpp>

namespace eoa::plan {

std::string ServiceName(const api::Job& job) { return job.metadata.name; }

std::string JobConfigMapName(const api::Job& job) { return job.metadata.name + "-job"; }

std::string SetName(const api::Job& job, const std::string& population) { return job.metadata.name + "-" + population; }

std::string PodName(const api::Job& job, const std::string& population, int pod) {
  return SetName(job, population) + "-" + std::to_string(pod);
}

std::string TokenAudience(const api::Job& job) { return std::string(kApiGroup) + "/jobs/" + job.metadata.uid; }

nlohmann::json Labels(const api::Job& job, const std::string& population) {
  nlohmann::json labels = {{"app.kubernetes.io/name", "eoa-trainer"},
                           {kManagedByLabel, kOperatorName},
                           {kJobLabel, job.metadata.name},
                           {kJobUidLabel, job.metadata.uid}};
  if (!population.empty()) labels[kPopulationLabel] = population;
  return labels;
}

std::string PodSelector(const api::Job& job) { return std::string(kJobUidLabel) + "=" + job.metadata.uid; }

nlohmann::json OwnerReferences(const api::Job& job) {
  return nlohmann::json::array({{{"apiVersion", kApiVersion},
                                 {"kind", kJobKind},
                                 {"name", job.metadata.name},
                                 {"uid", job.metadata.uid},
                                 {"controller", true},
                                 {"blockOwnerDeletion", true}}});
}

}  // namespace eoa::plan
