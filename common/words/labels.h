// Names by which Kubernetes' objects are found: the API group, labels, annotations, owners and the container that
// trains.
#pragma once

#include <string_view>

namespace eoa {

inline constexpr std::string_view kApiGroup = "eoa.io";
inline constexpr std::string_view kCrdVersion = "v1alpha1";
inline constexpr std::string_view kApiVersion = "eoa.io/v1alpha1";
inline constexpr std::string_view kJobKind = "EOAJob";

inline constexpr std::string_view kManagedBy = "eoa.io/operator";  // spec.managedBy of the jobs that are ours
inline constexpr std::string_view kOperatorName = "eoa-operator";  // field manager, source of events, managed-by label

// Of a job's children.
inline constexpr std::string_view kJobLabel = "eoa.io/job";                          // the job's name
inline constexpr std::string_view kJobUidLabel = "eoa.io/job-uid";                   // its uid
inline constexpr std::string_view kPopulationLabel = "eoa.io/population";            // of pods and their StatefulSet
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";  // kOperatorName
inline constexpr std::string_view kHashAnnotation = "eoa.io/applied-hash";           // of what was applied last
inline constexpr std::string_view kStorageAnnotation = "eoa.io/checkpoints";         // of a StatefulSet: where they are
inline constexpr std::string_view kTrainerContainer = "trainer";                     // of a pod; runs the agent

// Of an EOAJob: `eoa fetch` has taken its model. Of a pod: who may fetch files from its agent (docs/protocol.md).
inline constexpr std::string_view kFetchedAnnotation = "eoa.io/fetched";
inline constexpr std::string_view kFetchKeyAnnotation = "eoa.io/fetch-key";

// Of the ConfigMaps that keep the broker's rounds.
inline constexpr std::string_view kStateLabel = "eoa.io/state";
inline constexpr std::string_view kClosedAnnotation = "eoa.io/closed";  // another ConfigMap follows

inline constexpr std::string_view kLeaderLabel = "eoa.io/leader";  // of the operator's pod that leads

}  // namespace eoa
