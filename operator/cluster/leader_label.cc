#include "operator/cluster/leader_label.h"

#include <nlohmann/json.hpp>

#include "common/words/labels.h"

namespace eoa::cluster {
namespace {

Status SetLabel(kube::ApiClient& client, const kube::ObjectKey& pod, const nlohmann::json& value) {
  const nlohmann::json patch = {{"metadata", {{"labels", {{kLeaderLabel, value}}}}}};
  const Result<nlohmann::json> answer = client.MergePatch(kube::kPods, pod, patch, {.metadata_only = true});
  if (!answer.ok()) return Error(answer.error()).WithContext("labelling pod " + ToString(pod));
  return OkStatus();
}

}  // namespace

Status TakeLeaderLabel(kube::ApiClient& client, const kube::ObjectKey& own_pod) {
  EOA_RETURN_IF_ERROR(SetLabel(client, own_pod, "true"));
  kube::ListOptions options;
  options.name_space = own_pod.name_space;
  options.label_selector = kLeaderLabel;
  options.label_selector += "=true";
  EOA_ASSIGN_OR_RETURN(const kube::ObjectList pods, client.List(kube::kPods, options));
  for (const nlohmann::json& pod : pods.items) {
    const std::string name = pod.at("metadata").value("name", "");
    if (name == own_pod.name) continue;
    const Status taken = DropLeaderLabel(client, {own_pod.name_space, name});
    if (!taken.ok()) return taken;
  }
  return OkStatus();
}

Status DropLeaderLabel(kube::ApiClient& client, const kube::ObjectKey& own_pod) {
  const Status status = SetLabel(client, own_pod, nullptr);
  if (!status.ok() && status.error().code() == ErrorCode::kNotFound) return OkStatus();
  return status;
}

}  // namespace eoa::cluster
