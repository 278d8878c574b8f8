#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/json_access.h"
#include "common/job/complete_job.h"
#include "common/job/job_rules.h"

namespace eoa::api {
namespace {

using nlohmann::json;

// What the operator sets in each trainer's container, and where it mounts what it brings.
constexpr auto kVariables = std::to_array<std::string_view>({"EOA_JOB", "EOA_POPULATION", "EOA_POD", "EOA_TOKEN_FILE"});
constexpr auto kVolumes = std::to_array<std::string_view>({"eoa-job", "eoa-token", "eoa-pod"});
constexpr auto kFolders = std::to_array<std::string_view>({"/etc/eoa", "/etc/eoa-pod", "/var/run/secrets/eoa.io"});

template <typename List>
bool Contains(const List& list, std::string_view text) {
  return std::ranges::find(list, text) != std::end(list);
}

const json& ListAt(const json& object, std::string_view name) {
  static const json kEmpty = json::array();
  const json& list = At(object, name);
  return list.is_array() ? list : kEmpty;
}

// "FIELD[name]": people find an item by its name, not by its number.
std::string ItemPath(const std::string& list, const json& item) { return list + "[" + TextAt(item, "name") + "]"; }

void CheckTrainerContainer(const json& container, const std::string& path, Findings& findings) {
  for (const json& variable : ListAt(container, "env")) {
    if (!Contains(kVariables, TextAt(variable, "name"))) continue;
    findings.Refuse(ItemPath(path + ".env", variable), "", "is set by the operator; leave it out");
  }
  for (const json& mount : ListAt(container, "volumeMounts")) {
    const std::string folder = TextAt(mount, "mountPath");
    if (!Contains(kFolders, folder)) continue;
    findings.Refuse(ItemPath(path + ".volumeMounts", mount) + ".mountPath", folder,
                    "the operator mounts something there; choose another folder");
  }
}

void CheckTemplate(const json& pod, const std::string& path, bool claims, Findings& findings) {
  const json& spec = At(pod, "spec");
  if (const json& restart = At(spec, "restartPolicy"); restart.is_string() && restart != "Always") {
    findings.Refuse(path + ".restartPolicy", restart.get<std::string>(),
                    "must be Always, as in every StatefulSet; leave it out, and bound restarts by spec.runPolicy");
  }
  for (const json& volume : ListAt(spec, "volumes")) {
    const std::string name = TextAt(volume, "name");
    if (Contains(kVolumes, name)) {
      findings.Refuse(path + ".volumes[" + name + "]", "",
                      "the operator has a volume of this name; choose another one");
    }
    if (name == "checkpoints" && claims) {
      findings.Refuse(path + ".volumes[" + name + "]", "",
                      "checkpoints are kept on this volume or on spec.checkpoint.volumeClaim; leave one out");
    }
  }
  for (const json& container : ListAt(spec, "containers")) {
    if (TextAt(container, "name") != kTrainerContainer) continue;
    CheckTrainerContainer(container, ItemPath(path + ".containers", container), findings);
  }
}

// Of a template that has containers, one must be the trainer: a misspelled one would become a second container.
void CheckHasTrainer(const std::vector<const json*>& templates, const std::string& path, Findings& findings) {
  std::string names;
  for (const json* pod : templates) {
    for (const json& container : ListAt(At(*pod, "spec"), "containers")) {
      const std::string name = TextAt(container, "name");
      if (name == kTrainerContainer) return;
      names += (names.empty() ? "" : ", ") + name;
    }
  }
  if (names.empty()) return;
  findings.Refuse(path + ".containers", names,
                  "no container is called trainer: call the one that trains so, or add `- name: trainer` beside those "
                  "that do not");
}

}  // namespace

void CheckTemplates(const JobSpec& spec, Findings& findings) {
  const json& base = spec.pod_template.json();
  const std::string base_path = "spec.template.spec";
  const bool claims = !spec.checkpoint.volume_claim.empty();
  if (spec.checkpoint.storage == Storage::kPod && claims) {
    findings.Refuse("spec.checkpoint.storage", ToWord(Storage::kPod), "leaves volumeClaim unused; leave one out");
  }
  CheckTemplate(base, base_path, claims, findings);
  CheckHasTrainer({&base}, base_path, findings);
  for (std::size_t i = 0; i < spec.populations.size(); ++i) {
    const json& own = spec.populations[i].pod_template.json();
    const std::string path = PopulationPath(i) + ".template.spec";
    CheckTemplate(own, path, claims, findings);
    if (ListAt(At(own, "spec"), "containers").empty()) continue;
    CheckHasTrainer({&base, &own}, path, findings);
  }
}

}  // namespace eoa::api
