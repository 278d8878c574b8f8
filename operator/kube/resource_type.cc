#include "operator/kube/resource_type.h"

#include <algorithm>
#include <array>

namespace eoa::kube {
namespace {

constexpr std::array kTypes = {&kStatefulSets,           &kServices, &kConfigMaps, &kPods,
                               &kPersistentVolumeClaims, &kEvents,   &kLeases,     &kTokenReviews};

}  // namespace

std::string ApiVersionOf(const ResourceType& type) {
  std::string text(type.group);
  if (!text.empty()) text += "/";
  return text += type.version;
}

const ResourceType* FindResourceType(std::string_view api_version, std::string_view kind) {
  const auto* const found = std::find_if(kTypes.begin(), kTypes.end(), [&](const ResourceType* type) {
    return type->kind == kind && ApiVersionOf(*type) == api_version;
  });
  return found == kTypes.end() ? nullptr : *found;
}

std::string ToString(const ObjectKey& key) {
  return key.name_space.empty() ? key.name : key.name_space + "/" + key.name;
}

}  // namespace eoa::kube

std::size_t std::hash<eoa::kube::ObjectKey>::operator()(const eoa::kube::ObjectKey& key) const noexcept {
  const std::size_t name = std::hash<std::string>()(key.name);
  return std::hash<std::string>()(key.name_space) ^ (name + 0x9e3779b97f4a7c15 + (name << 6));
}
