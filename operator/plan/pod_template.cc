#include "operator/plan/pod_template.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "common/base/json_access.h"
#include "operator/plan/names.h"
#include "operator/plan/overlay.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

constexpr int kUser = 65532;
constexpr int kTokenSeconds = 3600;
constexpr int kGraceSeconds = 30;
constexpr const char* kJobFolder = "/etc/eoa";
constexpr const char* kTokenFolder = "/var/run/secrets/eoa.io";

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

json FieldReference(const std::string& path) { return {{"valueFrom", {{"fieldRef", {{"fieldPath", path}}}}}}; }

bool Has(const json& list, const char* field, std::string_view value) {
  return list.is_array() && std::ranges::any_of(list, [&](const json& item) { return TextAt(item, field) == value; });
}

// The directory of a pod. A volume of the user's may be one for all pods of several jobs.
std::string DirectoryOf(const api::Job& job, const Storage& storage) {
  if (storage.place != Place::kVolume) return kCheckpointFolder;
  return std::string(kCheckpointFolder) + "/" + job.metadata.name + "-" + job.metadata.uid + "/$(EOA_POD_NAME)";
}

// How long an agent may take to stop: what the kubelet gives it, but for the time to end.
int GraceSeconds(const json& spec) {
  constexpr int kMargin = 5;
  return std::max<int>(1, static_cast<int>(IntegerAt(spec, "terminationGracePeriodSeconds")) - kMargin);
}

// The port of the trainer's that is called so: the user's, or the usual one.
int MetricsPortOf(const json& container) {
  for (const json& port : container.value("ports", json::array())) {
    const std::int64_t number = IntegerAt(port, "containerPort");
    if (TextAt(port, "name") == kMetricsPortName && number > 0) return static_cast<int>(number);
  }
  return kMetricsPort;
}

void AddEnvironment(const TrainerSettings& settings, const api::Job& job, const api::PopulationSpec& population,
                    const Storage& storage, const json& spec, json& container) {
  json& environment = container["env"];
  // Nothing else would work: common/job/template_rules.cc refuses a template that gives them.
  const auto set = [&](const char* name, const json& value) {
    json& entry = Named(environment, name);
    entry = {{"name", name}};
    entry.update(value);
  };
  const auto set_default = [&](const char* name, const json& value) {
    if (!Has(environment, "name", name)) set(name, value);
  };
  const auto text = [](const std::string& value) { return json{{"value", value}}; };
  set("EOA_JOB", text(std::string(kJobFolder) + "/job.json"));
  set("EOA_POPULATION", text(population.name));
  set("EOA_POD", FieldReference("metadata.labels['apps.kubernetes.io/pod-index']"));
  set("EOA_TOKEN_FILE", text(std::string(kTokenFolder) + "/token"));
  set_default("EOA_BROKER", text(settings.broker_url));
  // Before the directory, which refers to it.
  if (storage.place == Place::kVolume) set_default("EOA_POD_NAME", FieldReference("metadata.name"));
  set_default("EOA_DIRECTORY", text(DirectoryOf(job, storage)));
  set_default("EOA_ADDRESS", FieldReference("status.podIP"));
  set_default("EOA_METRICS_LISTEN", text(":" + std::to_string(MetricsPortOf(container))));
  set_default("EOA_FETCH_KEYS", text(std::string(kPodFolder) + "/annotations"));
  set_default("EOA_GRACE_SECONDS", text(std::to_string(GraceSeconds(spec))));
  // Threads that wait at a barrier must not spin: members of a machine share its cores.
  set_default("OMP_WAIT_POLICY", text("passive"));
  set_default("EOA_THREADS", text(std::to_string(ThreadsOf(container, population.members_per_pod))));
}

// Where the user mounts something, that is used.
void AddMounts(json& container) {
  json& mounts = container["volumeMounts"];
  if (!mounts.is_array()) mounts = json::array();
  const auto mount = [&](const char* name, const char* path, bool read_only) {
    if (Has(mounts, "mountPath", path)) return;
    json entry = {{"name", name}, {"mountPath", path}};
    if (read_only) entry["readOnly"] = true;
    mounts.push_back(std::move(entry));
  };
  mount("eoa-job", kJobFolder, true);
  mount("eoa-token", kTokenFolder, true);
  mount("eoa-pod", kPodFolder, true);
  mount(kCheckpointVolume, kCheckpointFolder, false);
  mount("eoa-shm", "/dev/shm", false);
  mount("eoa-tmp", "/tmp", false);
}

void CompleteContainer(const TrainerSettings& settings, const api::Job& job, const api::PopulationSpec& population,
                       const Storage& storage, const json& spec, json& container) {
  SetDefault(container, "image", settings.image);
  SetDefault(container, "command", json::array({"eoa-trainer"}));
  // The trainer's last words become the container's message.
  SetDefault(container, "terminationMessagePolicy", "FallbackToLogsOnError");
  AddEnvironment(settings, job, population, storage, spec, container);
  AddMounts(container);
  json& ports = container["ports"];
  if (!Has(ports, "name", kMetricsPortName)) {
    Named(ports, kMetricsPortName).update({{"containerPort", kMetricsPort}, {"protocol", "TCP"}});
  }
  SetDefault(
      container, "readinessProbe",
      {{"httpGet", {{"path", "/healthz"}, {"port", kMetricsPortName}}}, {"periodSeconds", 2}, {"timeoutSeconds", 2}});
  json& security = container["securityContext"];
  SetDefault(security, "allowPrivilegeEscalation", false);
  SetDefault(security, "readOnlyRootFilesystem", true);
  SetDefault(security, "capabilities", {{"drop", {"ALL"}}});
}

void AddVolumes(const api::Job& job, const Storage& storage, json& spec) {
  json& volumes = spec["volumes"];
  Named(volumes, "eoa-job") = {{"name", "eoa-job"}, {"configMap", {{"name", JobConfigMapName(job)}}}};
  Named(volumes, "eoa-token") = {
      {"name", "eoa-token"},
      {"projected",
       {{"sources",
         json::array(
             {{{"serviceAccountToken",
                {{"path", "token"}, {"audience", TokenAudience(job)}, {"expirationSeconds", kTokenSeconds}}}}})}}}};
  Named(volumes, "eoa-pod") = PodVolume();
  const auto set_default = [&](const char* name, const json& source) {
    if (!Has(volumes, "name", name)) volumes.push_back({{"name", name}, {"emptyDir", source}});
  };
  set_default("eoa-tmp", json::object());
  set_default("eoa-shm", {{"medium", "Memory"}});
  if (storage.place == Place::kPods) set_default(kCheckpointVolume, json::object());
}

}  // namespace

json PodVolume() {
  return {
      {"name", "eoa-pod"},
      {"downwardAPI",
       {{"items", json::array({{{"path", "annotations"}, {"fieldRef", {{"fieldPath", "metadata.annotations"}}}}})}}}};
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

json PodTemplate(const TrainerSettings& settings, const api::Job& job, const api::PopulationSpec& population,
                 const Storage& storage) {
  json pod = OverlayTemplates(job.spec.pod_template.json(), population.pod_template.json());
  if (!pod.is_object()) pod = json::object();
  const json labels = Labels(job, population.name);
  for (const auto& [name, value] : labels.items()) pod["metadata"]["labels"][name] = value;
  SetDefault(pod["metadata"]["annotations"], "kubectl.kubernetes.io/default-container", kTrainerContainer);

  json& spec = pod["spec"];
  if (!spec.is_object()) spec = json::object();
  // A StatefulSet allows nothing else.
  spec["restartPolicy"] = "Always";
  SetDefault(spec, "automountServiceAccountToken", false);
  SetDefault(spec, "enableServiceLinks", false);
  SetDefault(spec, "terminationGracePeriodSeconds", kGraceSeconds);
  CompleteContainer(settings, job, population, storage, spec, Named(spec["containers"], kTrainerContainer));
  AddVolumes(job, storage, spec);
  json& security = spec["securityContext"];
  SetDefault(security, "runAsNonRoot", true);
  SetDefault(security, "runAsUser", kUser);
  SetDefault(security, "runAsGroup", kUser);
  SetDefault(security, "fsGroup", kUser);
  SetDefault(security, "seccompProfile", {{"type", "RuntimeDefault"}});
  return pod;
}

}  // namespace eoa::plan
