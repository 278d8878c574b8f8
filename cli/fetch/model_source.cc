#include "cli/fetch/model_source.h"

#include <algorithm>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/base/entropy.h"
#include "common/base/hex.h"
#include "common/base/json_access.h"
#include "common/net/digest.h"
#include "common/words/labels.h"
#include "common/words/phases.h"
#include "operator/plan/names.h"
#include "operator/plan/pod_template.h"
#include "operator/plan/storage.h"

namespace eoa::fetch {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr Duration kPodStartsWithin = std::chrono::minutes(5);  // an image may have to be pulled
constexpr Duration kKeyArrivesWithin = seconds(120);            // the kubelet writes annotations within seconds
constexpr Duration kPause = std::chrono::milliseconds(500);
constexpr int kPodLivesSeconds = 6 * 3600;

// The item of which `field` is `value`; null when there is none.
const json& Find(const json& list, const char* field, std::string_view value) {
  static const json kNone;
  if (!list.is_array()) return kNone;
  const auto found = std::ranges::find_if(list, [&](const json& item) { return TextAt(item, field) == value; });
  return found == list.end() ? kNone : *found;
}

int MetricsPort(const json& pod) {
  const json& trainer = Find(At(pod, "spec", "containers"), "name", kTrainerContainer);
  const std::int64_t port = IntegerAt(Find(At(trainer, "ports"), "name", plan::kMetricsPortName), "containerPort");
  return port > 0 ? static_cast<int>(port) : plan::kMetricsPort;
}

bool Runs(const json& pod) {
  return TextAt(At(pod, "status"), "phase") == ToWord(PodPhase::kRunning) &&
         !At(pod, "metadata").contains("deletionTimestamp");
}

std::string Digest(const std::string& key) {
  const std::string digest = net::Sha256(key);
  return Hex(std::span(reinterpret_cast<const unsigned char*>(digest.data()), digest.size()));
}

json Annotation(const json& value) { return {{"metadata", {{"annotations", {{kFetchKeyAnnotation, value}}}}}}; }

}  // namespace

json ServingPod(const json& set, const std::string& first, const std::string& name, const std::string& key_digest) {
  const json& old = At(set, "spec", "template", "spec");
  const json& trainer = Find(At(old, "containers"), "name", kTrainerContainer);
  const json& mount = Find(At(trainer, "volumeMounts"), "mountPath", plan::kCheckpointFolder);
  json volume = Find(At(old, "volumes"), "name", TextAt(mount, "name"));
  if (const json& claims = At(set, "spec", "volumeClaimTemplates"); claims.is_array() && !claims.empty()) {
    volume = {{"name", plan::kCheckpointVolume},
              {"persistentVolumeClaim", {{"claimName", std::string(plan::kCheckpointVolume) + "-" + first}}}};
  }
  if (!volume.is_object() || volume.contains("emptyDir")) return nullptr;
  std::string directory = TextAt(Find(At(trainer, "env"), "name", "EOA_DIRECTORY"), "value");
  constexpr std::string_view kPodName = "$(EOA_POD_NAME)";
  if (const std::size_t at = directory.find(kPodName); at != std::string::npos) {
    directory.replace(at, kPodName.size(), first);
  }

  json container = {
      {"name", kTrainerContainer},
      {"image", At(trainer, "image")},
      {"command", {"eoa-trainer", "serve", "--port", std::to_string(plan::kMetricsPort)}},
      {"env", json::array({{{"name", "EOA_DIRECTORY"}, {"value", directory}},
                           {{"name", "EOA_FETCH_KEYS"}, {"value", std::string(plan::kPodFolder) + "/annotations"}},
                           {{"name", "EOA_ADDRESS"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "status.podIP"}}}}}}})},
      {"ports", json::array({{{"name", plan::kMetricsPortName}, {"containerPort", plan::kMetricsPort}}})},
      {"volumeMounts", json::array({mount, {{"name", "eoa-pod"}, {"mountPath", plan::kPodFolder}}})}};
  json spec = {{"restartPolicy", "Never"},
               {"activeDeadlineSeconds", kPodLivesSeconds},
               {"terminationGracePeriodSeconds", 1},
               {"automountServiceAccountToken", false},
               {"volumes", json::array({volume, plan::PodVolume()})}};
  // Where and as whom the pod may run is as for the trainer's; its devices are not needed.
  for (const char* field : {"imagePullPolicy", "securityContext"}) {
    if (trainer.contains(field)) container[field] = trainer[field];
  }
  for (const char* field : {"nodeSelector", "tolerations", "imagePullSecrets", "securityContext", "serviceAccountName",
                            "priorityClassName"}) {
    if (old.contains(field)) spec[field] = old[field];
  }
  spec["containers"] = json::array({std::move(container)});
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata",
           {{"name", name},
            {"namespace", At(set, "metadata", "namespace")},
            {"labels", {{"app.kubernetes.io/name", "eoa-fetch"}}},
            {"annotations", {{kFetchKeyAnnotation, key_digest}}}}},
          {"spec", std::move(spec)}};
}

Result<std::unique_ptr<ModelSource>> ModelSource::Open(const api::Job& job, const std::string& population,
                                                       kube::ApiClient& client, Clock& clock) {
  const std::string first = plan::PodName(job, population, 0);
  std::unique_ptr<ModelSource> source(new ModelSource(client, {job.metadata.name_space, first}));
  source->key_ = RandomHex(32);
  const Result<json> pod = client.Get(kube::kPods, source->pod_);
  if (!pod.ok() && pod.error().code() != ErrorCode::kNotFound) return pod.error();
  int port = plan::kMetricsPort;
  if (pod.ok() && Runs(*pod)) {
    port = MetricsPort(*pod);
    const Result<json> patched = client.MergePatch(kube::kPods, source->pod_, Annotation(Digest(source->key_)));
    if (!patched.ok()) return patched.error();
  } else {
    EOA_RETURN_IF_ERROR(source->MakePod(job, population));
    EOA_RETURN_IF_ERROR(source->AwaitRunning(clock));
  }
  EOA_RETURN_IF_ERROR(source->AwaitAnswer(port, clock));
  return source;
}

Status ModelSource::MakePod(const api::Job& job, const std::string& population) {
  const std::string first = pod_.name;
  const std::string set_name = plan::SetName(job, population);
  const Result<json> set = client_.Get(kube::kStatefulSets, {pod_.name_space, set_name});
  if (!set.ok() && set.error().code() != ErrorCode::kNotFound) return set.error();
  const std::string gone = "pod " + first + " does not run";
  if (!set.ok()) {
    return NotFoundError(gone + ", and StatefulSet " + set_name +
                         ", which would tell where it kept its files, is deleted");
  }
  pod_.name = first + "-fetch-" + RandomHex(3);
  const json pod = ServingPod(*set, first, pod_.name, Digest(key_));
  if (pod.is_null()) return NotFoundError(gone + ", and its files were in the pod alone (condition Durable)");
  const Result<json> made = client_.Create(kube::kPods, pod);
  if (!made.ok()) return Error(made.error()).WithContext("making a pod that reads the volume of " + first);
  made_ = true;
  return OkStatus();
}

Status ModelSource::AwaitRunning(Clock& clock) {
  const SteadyTime end = clock.SteadyNow() + kPodStartsWithin;
  for (;;) {
    EOA_ASSIGN_OR_RETURN(const json pod, client_.Get(kube::kPods, pod_));
    if (Runs(pod)) return OkStatus();
    if (clock.SteadyNow() >= end) {
      return DeadlineExceededError("pod " + pod_.name + " does not start: kubectl describe pod " + pod_.name + " -n " +
                                   pod_.name_space);
    }
    clock.SleepFor(kPause);
  }
}

Status ModelSource::AwaitAnswer(int port, Clock& clock) {
  files_ = std::make_unique<PodFiles>(client_, pod_, port, key_);
  const SteadyTime end = clock.SteadyNow() + kKeyArrivesWithin;
  for (;;) {
    Result<std::vector<RemoteFile>> list = files_->List();
    if (list.ok()) {
      list_ = *std::move(list);
      return OkStatus();
    }
    const ErrorCode code = list.error().code();
    const bool may_pass = code == ErrorCode::kAborted || code == ErrorCode::kUnavailable;
    if (!may_pass || clock.SteadyNow() >= end) {
      return Error(list.error()).WithContext("asking pod " + pod_.name + " for its files");
    }
    clock.SleepFor(kPause);
  }
}

ModelSource::~ModelSource() {
  if (made_) {
    (void)client_.Delete(kube::kPods, pod_);
  } else if (files_) {
    (void)client_.MergePatch(kube::kPods, pod_, Annotation(nullptr));
  }
}

}  // namespace eoa::fetch
