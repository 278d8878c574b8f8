#include "operator/plan/pods.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "common/base/json_access.h"
#include "common/base/timestamp.h"
#include "common/words/conditions.h"
#include "common/words/exit_code.h"
#include "common/words/labels.h"
#include "common/words/phases.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

struct Trouble {
  int weight = 0;  // the greater one is told
  std::string reason;
  std::string message;
};

// Of two alike the one that sorts first, so that a status does not change with the order of pods.
void Worsen(Trouble& trouble, Trouble other) {
  const bool worse = other.weight > trouble.weight;
  const bool alike = other.weight > 0 && other.weight == trouble.weight && other.message < trouble.message;
  if (worse || alike) trouble = std::move(other);
}

// A node's kubelet removes a pod within its grace period; one that is still there long after is on a node that is lost.
constexpr Duration kLostAfter = std::chrono::seconds(60);

// Kubernetes' words.
constexpr std::string_view kOutOfMemory = "OOMKilled";
constexpr std::string_view kPullFails = "ErrImagePull";
constexpr std::string_view kPullWaits = "ImagePullBackOff";
constexpr std::string_view kScheduled = "PodScheduled";  // conditions of a pod
constexpr std::string_view kReady = "Ready";
constexpr std::string_view kDisruption = "DisruptionTarget";  // eviction, preemption, a taint, the kubelet's shutdown
constexpr std::array<std::string_view, 4> kUsualWaits = {"ContainerCreating", "PodInitializing", "CrashLoopBackOff",
                                                         ""};

// The kubelet calls the same trouble by two names in turn; of one name the status changes but once.
std::string WaitReason(const json& waiting) {
  std::string reason = TextAt(waiting, "reason");
  return reason == kPullFails ? std::string(kPullWaits) : reason;
}

std::string WaitMessage(const json& waiting) {
  std::string message = TextAt(waiting, "message");
  constexpr std::string_view kCause = "ErrImagePull: ";
  if (const std::size_t cause = message.find(kCause); cause != std::string::npos)
    message.erase(0, cause + kCause.size());
  return message;
}

bool EndedHopelessly(const json& container) {
  for (const char* state : {"state", "lastState"}) {
    if (eoa::IsHopeless(static_cast<int>(IntegerAt(At(At(container, state), "terminated"), "exitCode")))) return true;
  }
  return false;
}

// Exit codes of docs/operations.md in words.
std::string ExitText(const json& terminated) {
  const int code = static_cast<int>(IntegerAt(terminated, "exitCode"));
  if (TextAt(terminated, "reason") == kOutOfMemory) return "out of memory: the container exceeded its memory limit";
  std::string text = "the trainer ended with exit code " + std::to_string(code);
  if (const std::string message = TextAt(terminated, "message"); !message.empty()) text += ": " + message;
  return text;
}

Trouble TroubleOfContainer(const std::string& pod, const json& container) {
  Trouble trouble;
  const json& waiting = At(At(container, "state"), "waiting");
  const std::string why = WaitReason(waiting);
  for (const char* state : {"state", "lastState"}) {
    const json& terminated = At(At(container, state), "terminated");
    const bool out_of_memory = TextAt(terminated, "reason") == kOutOfMemory;
    if (!terminated.is_object() || (static_cast<int>(IntegerAt(terminated, "exitCode")) == 0 && !out_of_memory))
      continue;
    const std::string_view reason = out_of_memory ? kOutOfMemory : ToWord(Reason::kTrainerFailed);
    Worsen(trouble, {2, std::string(reason), "pod " + pod + ": " + ExitText(terminated)});
  }
  if (std::find(kUsualWaits.begin(), kUsualWaits.end(), why) == kUsualWaits.end()) {
    std::string message = "pod " + pod + ": " + why;
    if (const std::string image = TextAt(container, "image");
        why.find("Image") != std::string::npos && !image.empty()) {
      message += ": image " + image;
    }
    if (const std::string detail = WaitMessage(waiting); !detail.empty()) message += ": " + detail;
    Worsen(trouble, {4, why, message});
  }
  return trouble;
}

bool Is(const json& condition, std::string_view type, ConditionStatus status) {
  return TextAt(condition, "type") == type && TextAt(condition, "status") == ToWord(status);
}

Trouble TroubleOfPod(const json& pod) {
  const std::string name = TextAt(At(pod, "metadata"), "name");
  const json& status = At(pod, "status");
  Trouble trouble;
  if (const json& conditions = At(status, "conditions"); conditions.is_array()) {
    for (const json& condition : conditions) {
      if (!Is(condition, kScheduled, ConditionStatus::kFalse) || TextAt(condition, "reason").empty()) continue;
      Worsen(trouble, {3, TextAt(condition, "reason"), "pod " + name + ": " + TextAt(condition, "message")});
    }
  }
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    if (const json& containers = At(status, list); containers.is_array()) {
      for (const json& container : containers) Worsen(trouble, TroubleOfContainer(name, container));
    }
  }
  if (TextAt(status, "phase") == ToWord(PodPhase::kFailed)) {
    std::string reason = TextAt(status, "reason");
    if (reason.empty()) reason = ToWord(Reason::kPodFailed);
    Worsen(trouble, {1, std::move(reason), "pod " + name + ": " + TextAt(status, "message")});
  }
  return trouble;
}

bool IsReady(const json& pod) {
  const json& conditions = At(At(pod, "status"), "conditions");
  return conditions.is_array() && std::any_of(conditions.begin(), conditions.end(), [](const json& condition) {
           return Is(condition, kReady, ConditionStatus::kTrue);
         });
}

// Null when the kubelet has told nothing yet.
const json& TrainerOf(const json& pod) {
  static const json kNull;
  const json& containers = At(At(pod, "status"), "containerStatuses");
  if (!containers.is_array()) return kNull;
  for (const json& container : containers) {
    if (TextAt(container, "name") == kTrainerContainer) return container;
  }
  return kNull;
}

Trouble TroubleOfDeletion(const json& pod, WallTime now) {
  const json& metadata = At(pod, "metadata");
  const std::optional<WallTime> due = ParseTimestamp(TextAt(metadata, "deletionTimestamp"));
  if (!due || now - *due < kLostAfter) return {};
  const std::string node = TextAt(At(pod, "spec"), "nodeName");
  return {3, std::string(ToWord(Reason::kPodNotDeleted)),
          "pod " + TextAt(metadata, "name") + " should be gone since " + FormatTimestamp(*due) + ": is node " + node +
              " lost? Bring it back, or delete the node or, when it surely is down, the pod with --force"};
}

// Who takes the pod away, if it is not its own end: somebody deletes it (a drain, a person), or Kubernetes announces it.
// A StatefulSet deletes pods that have failed by themselves.
std::string DisruptionOf(const json& pod) {
  const std::string name = "pod " + TextAt(At(pod, "metadata"), "name");
  const json& status = At(pod, "status");
  if (const json& conditions = At(status, "conditions"); conditions.is_array()) {
    for (const json& condition : conditions) {
      if (!Is(condition, kDisruption, ConditionStatus::kTrue)) continue;
      const std::string message = TextAt(condition, "message");
      return name + ": " + TextAt(condition, "reason") + (message.empty() ? "" : ": " + message);
    }
  }
  const bool deleted = At(pod, "metadata").contains("deletionTimestamp");
  return deleted && TextAt(status, "phase") != ToWord(PodPhase::kFailed) ? name + " is being deleted" : "";
}

// The one that sorts first, so that a status does not change with the order of pods.
void NoteDisruption(const std::string& disruption, PodsView& view) {
  if (disruption.empty()) return;
  if (view.disruption.empty() || disruption < view.disruption) view.disruption = disruption;
}

}  // namespace

PodsByPopulation LookAtPods(const std::vector<JsonPtr>& pods, WallTime now) {
  PodsByPopulation views;
  std::map<std::string, Trouble> worst;
  for (const JsonPtr& pod : pods) {
    const json& metadata = At(*pod, "metadata");
    const std::string population = TextAt(At(metadata, "labels"), kPopulationLabel);
    PodsView& view = views[population];
    NoteDisruption(DisruptionOf(*pod), view);
    if (metadata.contains("deletionTimestamp")) {
      view.terminating = true;
      Worsen(worst[population], TroubleOfDeletion(*pod, now));
      continue;
    }
    ++view.pods;
    const json& trainer = TrainerOf(*pod);
    view.restarts = std::max(view.restarts, static_cast<int>(IntegerAt(trainer, "restartCount")));
    // A ready pod's earlier ends are told by its restarts.
    if (IsReady(*pod)) {
      ++view.ready;
      continue;
    }
    view.hopeless = view.hopeless || EndedHopelessly(trainer);
    Worsen(worst[population], TroubleOfPod(*pod));
  }
  for (auto& [population, trouble] : worst) {
    if (trouble.weight > 0) views[population].trouble = {std::move(trouble.reason), std::move(trouble.message)};
  }
  return views;
}

const PodsView& PodsOf(const PodsByPopulation& pods, const std::string& population) {
  static const PodsView kNoPods;
  const auto found = pods.find(population);
  return found == pods.end() ? kNoPods : found->second;
}

}  // namespace eoa::plan
