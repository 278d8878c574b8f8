#include "operator/plan/pod_template.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "operator/plan/names.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

constexpr int kUser = 65532;
constexpr int kTokenSeconds = 3600;
constexpr int kGraceSeconds = 30;
constexpr const char* kJobFolder = "/etc/eoa";
constexpr const char* kTokenFolder = "/var/run/secrets/eoa.io";
constexpr const char* kCheckpoints = "/checkpoints";

bool AllNamed(const json& list) {
  return list.is_array() && std::all_of(list.begin(), list.end(), [](const json& item) {
           return item.is_object() && item.contains("name") && item["name"].is_string();
         });
}

// The item of this name in a list, made when it is not there.
json& Named(json& list, std::string_view name) {
  if (!list.is_array()) list = json::array();
  for (json& item : list) {
    if (item.is_object() && item.value("name", "") == name) return item;
  }
  list.push_back({{"name", name}});
  return list.back();
}

void SetDefault(json& object, const char* name, const json& value) {
  if (!object.is_object()) object = json::object();
  if (!object.contains(name)) object[name] = value;
}

// The number of cores in "2", "1500m" or 0.5; 0 when it cannot be read.
double CpuOf(const json& quantity) {
  if (quantity.is_number()) return quantity.get<double>();
  if (!quantity.is_string()) return 0;
  std::string text = quantity.get<std::string>();
  const bool milli = text.ends_with('m');
  if (milli) text.pop_back();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return 0;
  return milli ? value / 1000 : value;
}

json FieldReference(const std::string& path) { return {{"fieldRef", {{"fieldPath", path}}}}; }

void AddEnvironment(const TrainerSettings& settings, const api::PopulationSpec& population, json& container) {
  json& environment = container["env"];
  const auto set = [&](const char* name, const std::string& value) {
    json& entry = Named(environment, name);
    entry = {{"name", name}, {"value", value}};
  };
  const auto refer = [&](const char* name, const std::string& path) {
    json& entry = Named(environment, name);
    entry = {{"name", name}, {"valueFrom", FieldReference(path)}};
  };
  set("EOA_JOB", std::string(kJobFolder) + "/job.json");
  set("EOA_POPULATION", population.name);
  refer("EOA_POD", "metadata.labels['apps.kubernetes.io/pod-index']");
  set("EOA_BROKER", settings.broker_url);
  set("EOA_TOKEN_FILE", std::string(kTokenFolder) + "/token");
  set("EOA_DIRECTORY", kCheckpoints);
  refer("EOA_ADDRESS", "status.podIP");
  set("EOA_LISTEN", "0.0.0.0");
  set("EOA_METRICS_LISTEN", "0.0.0.0:" + std::to_string(kMetricsPort));
  // Threads that wait at a barrier must not spin: members of a machine share its cores.
  json& wait = Named(environment, "OMP_WAIT_POLICY");
  if (!wait.contains("value")) wait["value"] = "passive";
  json& threads = Named(environment, "EOA_THREADS");
  if (!threads.contains("value")) {
    threads["value"] = std::to_string(ThreadsOf(container, population.members_per_pod));
  }
}

void AddMounts(json& container) {
  const auto mount = [&](const char* name, const char* path, bool read_only) {
    json& entry = Named(container["volumeMounts"], name);
    entry = {{"name", name}, {"mountPath", path}};
    if (read_only) entry["readOnly"] = true;
  };
  mount("eoa-job", kJobFolder, true);
  mount("eoa-token", kTokenFolder, true);
  mount("checkpoints", kCheckpoints, false);
  mount("eoa-shm", "/dev/shm", false);
  mount("eoa-tmp", "/tmp", false);
}

void CompleteContainer(const TrainerSettings& settings, const api::PopulationSpec& population, json& container) {
  SetDefault(container, "image", settings.image);
  SetDefault(container, "command", json::array({"eoa-trainer"}));
  // The trainer's last words become the container's message.
  SetDefault(container, "terminationMessagePolicy", "FallbackToLogsOnError");
  AddEnvironment(settings, population, container);
  AddMounts(container);
  json& port = Named(container["ports"], "metrics");
  port = {{"name", "metrics"}, {"containerPort", kMetricsPort}, {"protocol", "TCP"}};
  SetDefault(container, "readinessProbe",
             {{"httpGet", {{"path", "/healthz"}, {"port", "metrics"}}}, {"periodSeconds", 2}, {"timeoutSeconds", 2}});
  json& security = container["securityContext"];
  SetDefault(security, "allowPrivilegeEscalation", false);
  SetDefault(security, "readOnlyRootFilesystem", true);
  SetDefault(security, "capabilities", {{"drop", {"ALL"}}});
}

void AddVolumes(const api::Job& job, json& spec) {
  json& volumes = spec["volumes"];
  Named(volumes, "eoa-job") = {{"name", "eoa-job"}, {"configMap", {{"name", JobConfigMapName(job)}}}};
  Named(volumes, "eoa-token") = {
      {"name", "eoa-token"},
      {"projected",
       {{"sources",
         json::array(
             {{{"serviceAccountToken",
                {{"path", "token"}, {"audience", TokenAudience(job)}, {"expirationSeconds", kTokenSeconds}}}}})}}}};
  Named(volumes, "eoa-tmp") = {{"name", "eoa-tmp"}, {"emptyDir", json::object()}};
  json& shared = Named(volumes, "eoa-shm");
  if (shared.size() == 1) shared["emptyDir"] = {{"medium", "Memory"}};
  if (job.spec.checkpoint.volume_claim.empty()) {
    Named(volumes, "checkpoints") = {{"name", "checkpoints"}, {"emptyDir", json::object()}};
  }
}

}  // namespace

json Overlay(json base, const json& overlay) {
  if (base.is_object() && overlay.is_object()) {
    for (const auto& [name, value] : overlay.items()) {
      base[name] = base.contains(name) ? Overlay(base[name], value) : value;
    }
    return base;
  }
  if (AllNamed(base) && AllNamed(overlay)) {
    for (const json& item : overlay) {
      json& place = Named(base, item["name"].get<std::string>());
      place = Overlay(place, item);
    }
    return base;
  }
  return overlay;
}

int ThreadsOf(const json& container, int members_per_pod) {
  double cpu = 0;
  const auto resources = container.find("resources");
  for (const char* kind : {"limits", "requests"}) {
    if (cpu > 0 || resources == container.end() || !resources->is_object()) continue;
    const auto values = resources->find(kind);
    if (values != resources->end() && values->is_object()) cpu = CpuOf(values->value("cpu", json()));
  }
  return std::clamp(static_cast<int>(std::floor(cpu / std::max(1, members_per_pod))), 1, 1024);
}

json PodTemplate(const TrainerSettings& settings, const api::Job& job, const api::PopulationSpec& population) {
  json pod = Overlay(job.spec.pod_template.json(), population.pod_template.json());
  if (!pod.is_object()) pod = json::object();
  const json labels = Labels(job, population.name);
  for (const auto& [name, value] : labels.items()) pod["metadata"]["labels"][name] = value;
  SetDefault(pod["metadata"]["annotations"], "kubectl.kubernetes.io/default-container", kTrainerContainer);

  json& spec = pod["spec"];
  json& containers = spec["containers"];
  CompleteContainer(settings, population, Named(containers, kTrainerContainer));
  AddVolumes(job, spec);
  // A StatefulSet allows nothing else.
  spec["restartPolicy"] = "Always";
  SetDefault(spec, "automountServiceAccountToken", false);
  SetDefault(spec, "enableServiceLinks", false);
  SetDefault(spec, "terminationGracePeriodSeconds", kGraceSeconds);
  json& security = spec["securityContext"];
  SetDefault(security, "runAsNonRoot", true);
  SetDefault(security, "runAsUser", kUser);
  SetDefault(security, "runAsGroup", kUser);
  SetDefault(security, "fsGroup", kUser);
  SetDefault(security, "seccompProfile", {{"type", "RuntimeDefault"}});
  return pod;
}

}  // namespace eoa::plan
