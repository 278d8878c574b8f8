#include "operator/plan/overlay.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace eoa::plan {
namespace {

using nlohmann::json;

// The last fields on the way to a value: lists have no names of their own.
struct Way {
  std::string_view above;
  std::string_view field;
};

// A list's field and the key of its items: x-kubernetes-patch-merge-key of PodTemplateSpec in Kubernetes' OpenAPI (the
// first of x-kubernetes-list-map-keys for resources.claims, which has no other). `above` tells fields of one name apart.
struct ListKey {
  std::string_view above;  // empty: anywhere
  std::string_view field;
  const char* key;
};
constexpr auto kListKeys = std::to_array<ListKey>({
    {"", "containers", "name"},
    {"", "initContainers", "name"},
    {"", "ephemeralContainers", "name"},
    {"", "volumes", "name"},
    {"", "imagePullSecrets", "name"},
    {"", "hostAliases", "ip"},
    {"", "topologySpreadConstraints", "topologyKey"},
    {"", "resourceClaims", "name"},
    {"", "schedulingGates", "name"},
    {"", "env", "name"},
    {"", "ports", "containerPort"},
    {"", "volumeMounts", "mountPath"},
    {"", "volumeDevices", "devicePath"},
    {"resources", "claims", "name"},
});

const char* KeyOf(const Way& way) {
  for (const ListKey& each : kListKeys) {
    if (each.field == way.field && (each.above.empty() || each.above == way.above)) return each.key;
  }
  return nullptr;
}

bool AllHave(const json& list, const char* key) {
  return list.is_array() && std::all_of(list.begin(), list.end(),
                                        [&](const json& item) { return item.is_object() && item.contains(key); });
}

// Fields of which an object has one at most.
bool Excludes(const Way& way, std::string_view field) {
  constexpr auto kHandlers = std::to_array<std::string_view>({"exec", "httpGet", "tcpSocket", "grpc", "sleep"});
  if (way.field == "volumes") return field != "name";
  if (way.field == "env") return field != "name";
  if (way.field == "valueFrom") return true;
  if (way.field.ends_with("Probe") || way.field == "postStart" || way.field == "preStop") {
    return std::ranges::find(kHandlers, field) != kHandlers.end();
  }
  return false;
}

json Merge(json base, const json& overlay, const Way& way);

json MergeObjects(json base, const json& overlay, const Way& way) {
  for (const auto& [name, value] : overlay.items()) {
    if (!Excludes(way, name)) continue;
    for (auto each = base.begin(); each != base.end();) {
      const bool gives_way = each.key() != name && Excludes(way, each.key()) && !overlay.contains(each.key());
      each = gives_way ? base.erase(each) : std::next(each);
    }
  }
  for (const auto& [name, value] : overlay.items()) {
    base[name] = base.contains(name) ? Merge(base[name], value, {way.field, name}) : value;
  }
  return base;
}

json MergeLists(json base, const json& overlay, const char* key, const Way& way) {
  for (const json& item : overlay) {
    const auto same = std::find_if(base.begin(), base.end(), [&](const json& each) { return each[key] == item[key]; });
    if (same == base.end()) {
      base.push_back(item);
    } else {
      *same = Merge(*same, item, way);
    }
  }
  return base;
}

json Merge(json base, const json& overlay, const Way& way) {
  if (base.is_object() && overlay.is_object()) return MergeObjects(std::move(base), overlay, way);
  const char* key = KeyOf(way);
  if (key != nullptr && AllHave(base, key) && AllHave(overlay, key)) {
    return MergeLists(std::move(base), overlay, key, way);
  }
  return overlay;
}

}  // namespace

json OverlayTemplates(json base, const json& overlay) { return Merge(std::move(base), overlay, {}); }

}  // namespace eoa::plan
