#include <algorithm>
#include <array>
#include <string_view>

#include "operator/plan/names.h"
#include "operator/plan/observed.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

const json& At(const json& object, std::string_view name) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

std::string Text(const json& object, std::string_view name) {
  const json& value = At(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

int Whole(const json& object, std::string_view name) {
  const json& value = At(object, name);
  return value.is_number_integer() ? value.get<int>() : 0;
}

struct Trouble {
  int weight = 0;  // the greater one is told
  std::string reason;
  std::string message;
};

void Worsen(Trouble& trouble, Trouble other) {
  if (other.weight > trouble.weight) trouble = std::move(other);
}

constexpr std::array<std::string_view, 3> kUsualWaits = {"ContainerCreating", "PodInitializing", ""};

// Exit codes of docs/operations.md in words.
std::string ExitText(const json& terminated) {
  const std::string reason = Text(terminated, "reason");
  const int code = Whole(terminated, "exitCode");
  if (reason == "OOMKilled") return "out of memory: the container exceeded its memory limit";
  std::string text = "the trainer ended with exit code " + std::to_string(code);
  if (const std::string message = Text(terminated, "message"); !message.empty()) text += ": " + message;
  return text;
}

Trouble TroubleOfContainer(const std::string& pod, const json& container) {
  Trouble trouble;
  const json& waiting = At(At(container, "state"), "waiting");
  const std::string why = Text(waiting, "reason");
  for (const char* state : {"state", "lastState"}) {
    const json& terminated = At(At(container, state), "terminated");
    if (!terminated.is_object() || (Whole(terminated, "exitCode") == 0 && Text(terminated, "reason") != "OOMKilled")) {
      continue;
    }
    const std::string reason = Text(terminated, "reason") == "OOMKilled" ? "OOMKilled" : "TrainerFailed";
    Worsen(trouble, {2, reason, "pod " + pod + ": " + ExitText(terminated)});
  }
  const bool usual = std::find(kUsualWaits.begin(), kUsualWaits.end(), why) != kUsualWaits.end();
  if (!usual && why != "CrashLoopBackOff") {
    std::string message = "pod " + pod + ": " + why;
    if (const std::string image = Text(container, "image"); why.find("Image") != std::string::npos && !image.empty()) {
      message += ": image " + image;
    }
    if (const std::string detail = Text(waiting, "message"); !detail.empty()) message += ": " + detail;
    Worsen(trouble, {4, why, message});
  }
  return trouble;
}

Trouble TroubleOfPod(const json& pod) {
  const std::string name = Text(At(pod, "metadata"), "name");
  const json& status = At(pod, "status");
  Trouble trouble;
  if (const json& conditions = At(status, "conditions"); conditions.is_array()) {
    for (const json& condition : conditions) {
      if (Text(condition, "type") == "PodScheduled" && Text(condition, "status") == "False") {
        Worsen(trouble, {3, Text(condition, "reason"), "pod " + name + ": " + Text(condition, "message")});
      }
    }
  }
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    if (const json& containers = At(status, list); containers.is_array()) {
      for (const json& container : containers) Worsen(trouble, TroubleOfContainer(name, container));
    }
  }
  if (Text(status, "phase") == "Failed") {
    Worsen(trouble, {1, Text(status, "reason").empty() ? "PodFailed" : Text(status, "reason"),
                     "pod " + name + ": " + Text(status, "message")});
  }
  return trouble;
}

bool IsReady(const json& pod) {
  const json& conditions = At(At(pod, "status"), "conditions");
  return conditions.is_array() && std::any_of(conditions.begin(), conditions.end(), [](const json& condition) {
           return Text(condition, "type") == "Ready" && Text(condition, "status") == "True";
         });
}

int RestartsOf(const json& pod) {
  const json& containers = At(At(pod, "status"), "containerStatuses");
  if (!containers.is_array()) return 0;
  for (const json& container : containers) {
    if (Text(container, "name") == kTrainerContainer) return Whole(container, "restartCount");
  }
  return 0;
}

}  // namespace

PodsView LookAtPods(const std::vector<ObjectPtr>& pods, const std::string& population) {
  PodsView view;
  Trouble worst;
  for (const ObjectPtr& pod : pods) {
    const json& metadata = At(*pod, "metadata");
    if (Text(At(metadata, "labels"), kPopulationLabel) != population) continue;
    if (metadata.contains("deletionTimestamp")) continue;
    ++view.pods;
    const bool ready = IsReady(*pod);
    view.ready += ready ? 1 : 0;
    view.restarts += RestartsOf(*pod);
    // A ready pod's earlier ends are told by its restarts.
    if (!ready) Worsen(worst, TroubleOfPod(*pod));
  }
  view.reason = worst.reason;
  view.message = worst.message;
  return view;
}

}  // namespace eoa::plan
