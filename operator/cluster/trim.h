// What the operator keeps of the objects it watches: what Plan and the controller read, and nothing else, since this is
// what a cluster's size costs in memory. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace eoa::cluster {

void TrimJob(nlohmann::json& job);               // all but managedFields
void TrimStatefulSet(nlohmann::json& set);       // metadata, spec.replicas, status
void TrimService(nlohmann::json& service);       // metadata
void TrimConfigMap(nlohmann::json& config_map);  // metadata
void TrimPod(nlohmann::json& pod);               // metadata, spec.nodeName, what tells of its life in status

}  // namespace eoa::cluster
