// What the operator's copy of pods costs: memory for each pod, the peak while a list is taken in, and the time of a
// read, a change and a relist; beside it the same pods held as trees of nlohmann::json. Pods are of the size a kubelet
// makes of ours, with managedFields. Each way runs in a process of its own, since memory that is freed is not always
// given back. Prints JSON.
//
//   bench_store [PODS [PODS_OF_A_PAGE]]
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/json_guard.h"
#include "operator/kube/object_store.h"
#include "operator/kube/reflector_state.h"

namespace eoa::bench {
namespace {

using kube::ChangeSource;
using kube::ObjectKey;
using kube::ObjectStore;
using nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

constexpr int kPodsPerJob = 4;
constexpr double kKibibyte = 1024;

json Container(const std::string& name) {
  json environment = json::array();
  for (const char* variable : {"EOA_JOB", "EOA_POPULATION", "EOA_BROKER", "EOA_TOKEN_FILE", "EOA_DIRECTORY",
                               "EOA_LISTEN", "EOA_THREADS", "EOA_METRICS_LISTEN"}) {
    environment.push_back({{"name", variable}, {"value", "/var/run/secrets/eoa.io/or/something/as/long"}});
  }
  return {{"name", name},
          {"image", "registry.example/eoa-trainer:0.1.0"},
          {"command", {"eoa-trainer"}},
          {"env", environment},
          {"resources", {{"limits", {{"cpu", "8"}, {"memory", "32Gi"}, {"nvidia.com/gpu", "1"}}}}},
          {"volumeMounts",
           {{{"name", "checkpoints"}, {"mountPath", "/checkpoints"}}, {{"name", "shm"}, {"mountPath", "/dev/shm"}}}},
          {"securityContext", {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", {"ALL"}}}}}}};
}

json Condition(const std::string& type) {
  return {
      {"type", type}, {"status", "True"}, {"lastProbeTime", nullptr}, {"lastTransitionTime", "2026-11-23T12:00:00Z"}};
}

json ManagedFields() {
  json fields = json::object();
  for (int i = 0; i < 60; ++i)
    fields["f:field-" + std::to_string(i)] = {{".", json::object()}, {"f:name", json::object()}};
  json entries = json::array();
  for (const char* manager : {"kube-controller-manager", "kubelet"}) {
    entries.push_back({{"manager", manager},
                       {"operation", "Update"},
                       {"apiVersion", "v1"},
                       {"time", "2026-11-23T12:00:00Z"},
                       {"fieldsType", "FieldsV1"},
                       {"fieldsV1", {{"f:metadata", fields}, {"f:spec", fields}, {"f:status", fields}}}});
  }
  return entries;
}

std::string JobUid(int job) { return "0f8fad5b-d9cb-469f-a165-0000" + std::to_string(10000000 + job); }

// A pod with "@N" where its number stands and "@J" for its job's.
json PatternPod() {
  const std::string set = "cifar10-@J-wolves";
  return {
      {"metadata",
       {{"name", set + "-@N"},
        {"namespace", "research"},
        {"uid", "7c9e6679-7425-40de-944b-0000@N"},
        {"resourceVersion", "@N"},
        {"creationTimestamp", "2026-11-23T12:00:00Z"},
        {"labels",
         {{"app.kubernetes.io/name", "eoa-trainer"},
          {"app.kubernetes.io/managed-by", "eoa-operator"},
          {"apps.kubernetes.io/pod-index", "3"},
          {"controller-revision-hash", set + "-5c8f9d7b6"},
          {"statefulset.kubernetes.io/pod-name", set + "-@N"},
          {"eoa.io/job", "cifar10-@J"},
          {"eoa.io/job-uid", "0f8fad5b-d9cb-469f-a165-0000@J"},
          {"eoa.io/population", "wolves"}}},
        {"ownerReferences",
         {{{"apiVersion", "apps/v1"},
           {"kind", "StatefulSet"},
           {"name", set},
           {"uid", "16fd2706-8baf-433b-82eb-0000@J"},
           {"controller", true},
           {"blockOwnerDeletion", true}}}},
        {"managedFields", ManagedFields()}}},
      {"spec",
       {{"containers", {Container("trainer")}},
        {"nodeName", "node-@J"},
        {"tolerations", {{{"key", "node.kubernetes.io/not-ready"}, {"operator", "Exists"}, {"effect", "NoExecute"}}}},
        {"volumes", {{{"name", "shm"}, {"emptyDir", {{"medium", "Memory"}}}}}}}},
      {"status",
       {{"phase", "Running"},
        {"podIP", "10.244.100.200"},
        {"hostIP", "10.0.0.1"},
        {"startTime", "2026-11-23T12:00:00Z"},
        {"conditions",
         {Condition("PodScheduled"), Condition("Initialized"), Condition("ContainersReady"), Condition("Ready")}},
        {"containerStatuses",
         {{{"name", "trainer"},
           {"ready", true},
           {"restartCount", 1},
           {"image", "registry.example/eoa-trainer:0.1.0"},
           {"imageID", "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
           {"containerID", "containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
           {"state", {{"running", {{"startedAt", "2026-11-23T12:00:10Z"}}}}},
           {"lastState", {{"terminated", {{"exitCode", 137}, {"reason", "OOMKilled"}}}}}}}}}}};
}

// About what a reconciler of ours reads.
void Trim(json& pod) {
  kube::DropManagedFields(pod);
  pod["spec"] = {{"nodeName", pod["spec"]["nodeName"]}};
  for (json& status : pod["status"]["containerStatuses"]) {
    status.erase("imageID");
    status.erase("containerID");
    status.erase("image");
  }
  for (json& condition : pod["status"]["conditions"]) condition.erase("lastProbeTime");
}

double ResidentKib() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / kKibibyte;
}

double PeakKib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss);
}

double MicrosecondsOf(int times, const std::function<void(int)>& work) {
  const auto start = SteadyClock::now();
  for (int i = 0; i < times; ++i) work(i);
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count() / times;
}

// The text of pods begin..end as a list, made without trees: what they leave in the heap would be measured too.
std::string PageText(const std::string& pattern, int begin, int end) {
  std::string text = "[";
  for (int i = begin; i < end; ++i) {
    if (i > begin) text += ',';
    const std::string number = std::to_string(10000000 + i);
    const std::string job = std::to_string(10000000 + i / kPodsPerJob);
    std::size_t from = 0;
    for (std::size_t at = pattern.find('@'); at != std::string::npos; at = pattern.find('@', from)) {
      text.append(pattern, from, at - from);
      text += pattern[at + 1] == 'J' ? job : number;
      from = at + 2;
    }
    text.append(pattern, from);
  }
  return text + "]";
}

struct Load {
  int pods = 0;
  int page = 0;
  std::string pattern;
};

// Takes the pods in as a reflector does: the text of a page is parsed, and each object handed on.
void List(const Load& load, int pods, const std::function<void(json)>& take) {
  for (int begin = 0; begin < pods; begin += load.page) {
    json page = json::parse(PageText(load.pattern, begin, std::min(begin + load.page, pods)));
    for (json& pod : page) take(std::move(pod));
  }
}

json Store(const Load& load) {
  List(load, load.page, [](const json&) {});  // what a page takes is not the store's
  malloc_trim(0);
  const double before = ResidentKib();
  const double peak_before = PeakKib();
  ObjectStore store({.trim = Trim, .index_label = "eoa.io/job-uid"});
  const auto relist = [&] {
    ObjectStore::Snapshot snapshot;
    List(load, load.pods, [&](json pod) { store.Gather(std::move(pod), snapshot); });
    store.Replace(std::move(snapshot), ChangeSource::kRelist);
  };
  relist();
  const double held_before_trim = ResidentKib() - before;
  malloc_trim(0);
  const double held = ResidentKib() - before;
  const int reads = 20000;
  json report = {{"kib_per_pod", held / load.pods},
                 {"kib_per_pod_with_free_lists", held_before_trim / load.pods},
                 {"text_bytes_per_pod", static_cast<double>(store.stats().bytes) / load.pods}};
  const std::vector<ObjectKey> keys = store.Keys();
  std::size_t fields = 0;
  report["get_us"] = MicrosecondsOf(
      reads, [&](int i) { fields += store.Get(keys[static_cast<std::size_t>(i) % keys.size()])->size(); });
  report["job_of_4_pods_us"] = MicrosecondsOf(
      reads, [&](int i) { fields += store.FindByLabel(JobUid(i % (load.pods / kPodsPerJob)), "research").size(); });
  store.OnChange([&](const kube::Change& change) { fields += change.new_object->size(); });
  json pod = json::parse(PageText(load.pattern, 0, 1)).front();
  const ObjectKey key = *kube::KeyOf(pod);
  report["put_us"] = MicrosecondsOf(2000, [&](int i) {
    pod["metadata"]["resourceVersion"] = std::to_string(5000000 + i);
    store.Put(key, pod, ChangeSource::kWatch);
  });
  relist();
  report["peak_kib_per_pod_over_a_page"] = (PeakKib() - peak_before) / load.pods;
  report["fields_read"] = fields;
  return report;
}

json Trees(const Load& load, bool trim) {
  List(load, load.page, [](const json&) {});
  malloc_trim(0);
  const double before = ResidentKib();
  std::map<ObjectKey, JsonPtr> trees;
  List(load, load.pods, [&](json pod) {
    if (trim) Trim(pod);
    const ObjectKey key = *kube::KeyOf(pod);
    trees[key] = std::make_shared<const json>(std::move(pod));
  });
  malloc_trim(0);
  return {{"kib_per_pod", (ResidentKib() - before) / load.pods}};
}

json InAProcessOfItsOwn(const std::function<json()>& measure) {
  int channel[2] = {};
  if (pipe(channel) != 0) std::exit(1);
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = DumpJson(measure());
    const bool written = write(channel[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    _exit(written ? 0 : 1);
  }
  close(channel[1]);
  std::string text(1 << 16, '\0');
  const ssize_t size = read(channel[0], text.data(), text.size());
  close(channel[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (size <= 0 || status != 0) std::exit(1);
  return json::parse(text.substr(0, static_cast<std::size_t>(size)));
}

int Main(int argc, char** argv) {
  Load load;
  load.pods = argc > 1 ? std::atoi(argv[1]) : 4000;
  load.page = argc > 2 ? std::atoi(argv[2]) : kube::ReflectorOptions().page_limit;
  load.pattern = DumpJson(PatternPod());
  json report;
  report["pods"] = load.pods;
  report["pods_of_a_page"] = load.page;
  report["json_bytes_of_a_pod"] = PageText(load.pattern, 0, 1).size();
  report["store"] = InAProcessOfItsOwn([&] { return Store(load); });
  report["trimmed_trees"] = InAProcessOfItsOwn([&] { return Trees(load, true); });
  report["whole_trees"] = InAProcessOfItsOwn([&] { return Trees(load, false); });
  std::cout << DumpJsonPretty(nlohmann::ordered_json(report));
  return 0;
}

}  // namespace
}  // namespace eoa::bench

int main(int argc, char** argv) { return eoa::bench::Main(argc, argv); }
