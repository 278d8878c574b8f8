// Which resources of the API server there are, and how one object is named. Plain values.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace eoa::kube {

// Levels of an object, with what lists and watches put around it, that are read; what is nested deeper is cut off. More
// than a job may have (common/document/document.h), so that a job that is cut is still refused by its own limits.
inline constexpr int kMaxObjectDepth = 80;

// A type of objects. All are constants, so the texts live for ever.
struct ResourceType {
  std::string_view group;  // empty: the core group
  std::string_view version;
  std::string_view plural;  // as in URLs: "statefulsets"
  std::string_view kind;    // as in objects: "StatefulSet"
  bool namespaced = true;

  friend bool operator==(const ResourceType&, const ResourceType&) = default;
};

inline constexpr ResourceType kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet"};
inline constexpr ResourceType kServices{"", "v1", "services", "Service"};
inline constexpr ResourceType kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline constexpr ResourceType kPods{"", "v1", "pods", "Pod"};
inline constexpr ResourceType kPersistentVolumeClaims{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"};
inline constexpr ResourceType kEvents{"", "v1", "events", "Event"};
inline constexpr ResourceType kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline constexpr ResourceType kStorageClasses{"storage.k8s.io", "v1", "storageclasses", "StorageClass", false};
inline constexpr ResourceType kTokenReviews{"authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false};

// "apps/v1", "v1": the apiVersion of the type's objects.
std::string ApiVersionOf(const ResourceType& type);

// The constant of these two words of an object; null when it is none of them.
const ResourceType* FindResourceType(std::string_view api_version, std::string_view kind);

struct ObjectKey {
  std::string name_space;  // empty: the type has none
  std::string name;

  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

// "namespace/name".
std::string ToString(const ObjectKey& key);

}  // namespace eoa::kube

template <>
struct std::hash<eoa::kube::ObjectKey> {
  std::size_t operator()(const eoa::kube::ObjectKey& key) const noexcept;
};
