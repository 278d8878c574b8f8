#include "operator/cluster/trim.h"

#include <initializer_list>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "operator/kube/object_store.h"

namespace eoa::cluster {
namespace {

// Keeps these fields of an object, drops the others.
void KeepOnly(nlohmann::json& object, std::initializer_list<const char*> fields) {
  if (!object.is_object()) return;
  nlohmann::json kept = nlohmann::json::object();
  for (const char* field : fields) {
    if (const auto found = object.find(field); found != object.end()) kept[field] = std::move(*found);
  }
  object = std::move(kept);
}

void KeepOnlyInside(nlohmann::json& object, const char* inside, std::initializer_list<const char*> fields) {
  if (const auto found = object.find(inside); found != object.end()) KeepOnly(*found, fields);
}

void TrimMetadata(nlohmann::json& object) {
  kube::DropManagedFields(object);
  KeepOnlyInside(object, "metadata",
                 {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
                  "labels", "annotations", "ownerReferences"});
}

void TrimContainers(nlohmann::json& status, const char* field) {
  const auto containers = status.find(field);
  if (containers == status.end() || !containers->is_array()) return;
  for (nlohmann::json& container : *containers) {
    KeepOnly(container, {"name", "image", "state", "lastState", "ready", "restartCount", "started"});
  }
}

}  // namespace

void TrimJob(nlohmann::json& job) { kube::DropManagedFields(job); }

void TrimStatefulSet(nlohmann::json& set) {
  TrimMetadata(set);
  KeepOnly(set, {"apiVersion", "kind", "metadata", "spec", "status"});
  KeepOnlyInside(set, "spec", {"replicas"});
}

void TrimService(nlohmann::json& service) {
  TrimMetadata(service);
  KeepOnly(service, {"apiVersion", "kind", "metadata"});
}

void TrimConfigMap(nlohmann::json& config_map) {
  TrimMetadata(config_map);
  KeepOnly(config_map, {"apiVersion", "kind", "metadata"});
}

void TrimPod(nlohmann::json& pod) {
  TrimMetadata(pod);
  KeepOnlyInside(pod, "metadata",
                 {"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "labels",
                  "ownerReferences"});
  KeepOnly(pod, {"apiVersion", "kind", "metadata", "spec", "status"});
  KeepOnlyInside(pod, "spec", {"nodeName"});
  const auto status = pod.find("status");
  if (status == pod.end()) return;
  KeepOnly(*status,
           {"phase", "reason", "message", "conditions", "startTime", "containerStatuses", "initContainerStatuses"});
  TrimContainers(*status, "containerStatuses");
  TrimContainers(*status, "initContainerStatuses");
}

}  // namespace eoa::cluster
