// The pods of a population: the user's template, completed with what a trainer needs. What the user wrote is used:
// volumes, mounts, ports and variables too. What cannot be used is refused before (common/job/template_rules.cc). Pure.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "common/job/job.h"
#include "operator/plan/storage.h"

namespace eoa::plan {

inline constexpr int kMetricsPort = 9400;
inline constexpr const char* kMetricsPortName = "metrics";

// The volume `eoa-pod` with the pod's own annotations, mounted at kPodFolder: they say who may fetch files.
inline constexpr const char* kPodFolder = "/etc/eoa-pod";
nlohmann::json PodVolume();

struct TrainerSettings {
  std::string image;       // of trainers whose template names none
  std::string broker_url;  // http://host:port, as pods reach it
};

// A PodTemplateSpec.
nlohmann::json PodTemplate(const TrainerSettings& settings, const api::Job& job, const api::PopulationSpec& population,
                           const Storage& storage);

// Compute threads of each member: whole CPUs of the trainer container's limit, else of its request, shared by the pod's
// members; at least one.
int ThreadsOf(const nlohmann::json& container, int members_per_pod);

}  // namespace eoa::plan
