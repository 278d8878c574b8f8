// The CustomResourceDefinition `eoajobs.eoa.io`, made from the schema that also reads job files (common/job/schema.h)
// and from that of the status, so that `eoa validate` and the API server agree: same fields, defaults, bounds and
// words; what goes beyond single fields (common/job/job_rules.cc) is said again in CEL. tests/integration/crd holds a
// table of jobs against both.
//
// What cannot be changed once a job has started is refused by rules at the root of the object: only there do rules see
// the status. "Started" means that status.startTime is set.
//
// Subresources: status, and scale. What is scaled is the job as a whole, because a population's size decides its
// schedule: spec.replicas is 1, or 0 for a job without pods, as with spec.suspend. status.selector names its pods.
//
// Pure; thread-safe.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace eoa::api {

// apiextensions.k8s.io/v1. Rules use CEL as Kubernetes has it since 1.30; tested on 1.34.
nlohmann::ordered_json CustomResourceDefinition();

// The same as YAML, with a comment that says where it comes from: manifests/crd/eoajobs.yaml.
std::string CustomResourceDefinitionYaml();

}  // namespace eoa::api
