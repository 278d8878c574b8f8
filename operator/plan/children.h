// The objects that an EOAJob consists of, as they are applied. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/job/job.h"
#include "operator/plan/pod_template.h"

namespace eoa::plan {

struct ChildrenOptions {
  bool pods = true;                // false: StatefulSets of no replicas
  bool keep_claims = true;         // whether claims of checkpoints outlive the StatefulSets
  bool claims_by_default = false;  // as StorageOf takes it
  std::string with_pod = {};       // without pods: the population that keeps its first one
};

// Of a job that has not ended.
ChildrenOptions OptionsOf(const api::Job& job, bool claims_by_default);

// Service, ConfigMap and one StatefulSet for each population, in this order; each with a hash of itself as the
// annotation eoa.io/applied-hash. `job` is complete and has a uid.
std::vector<nlohmann::json> Children(const TrainerSettings& settings, const api::Job& job,
                                     const ChildrenOptions& options);

}  // namespace eoa::plan
