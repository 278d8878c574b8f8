// Where the pods of a population keep their checkpoints and the model. Pure.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "common/job/job.h"
#include "common/words/word.h"

namespace eoa::plan {

inline constexpr const char* kCheckpointVolume = "checkpoints";
inline constexpr const char* kCheckpointFolder = "/checkpoints";

enum class Place {
  kClaims,  // a claim for each pod, by the StatefulSet
  kVolume,  // what the user's template mounts at kCheckpointFolder, or calls kCheckpointVolume
  kPods,    // an emptyDir
};
constexpr auto WordsOf(Place) { return Words<Place>("Claims", "Volume", "Pods"); }

struct Storage {
  Place place = Place::kPods;
  bool durable = false;  // outlives the pods
};

// `claims_by_default`: what checkpoint.storage Auto stands for when the job has neither a volume nor a claim.
Storage StorageOf(const api::Job& job, const api::PopulationSpec& population, bool claims_by_default);

// The spec of a pod's claim: the job's, or one of the size that its checkpoints need.
nlohmann::json ClaimSpec(const api::Job& job, const api::PopulationSpec& population);

// "checkpoints-JOB-POPULATION-0", as StatefulSets name them.
std::string ClaimName(const api::Job& job, const std::string& population, int pod);

}  // namespace eoa::plan
