// What the CustomResourceDefinition is put together from. Private to common/crd.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/job/schema.h"

namespace eoa::api {

// One entry of x-kubernetes-validations.
struct CelRule {
  std::string rule;
  std::string message;
  std::string field_path;  // below the place of the rule; empty: the place itself
};

// The rules of common/job/job_rules.cc at a place such as "spec.populations[]", in CEL; empty where there are none.
// Those at "" also keep what is immutable. Costs are bounded by the schema's maxItems and maxLength.
std::vector<CelRule> CelRulesAt(const std::string& path);

// The structural schema of an object and all below it. `path` as above.
nlohmann::ordered_json StructuralObject(const ObjectSchema& object, const std::string& path);

// The structural schema of one field.
nlohmann::ordered_json StructuralField(const ObjectSchema& owner, const Field& field, const std::string& path);

// Adds `rules` to a schema as x-kubernetes-validations; nothing when there are none.
void AddRules(const std::vector<CelRule>& rules, nlohmann::ordered_json& schema);

// The structural schema of `status`.
nlohmann::ordered_json StatusStructure();

}  // namespace eoa::api
