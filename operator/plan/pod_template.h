// The pods of a population: the user's template, completed with what a trainer needs. What the user wrote is kept, but
// for the environment and the volumes that the operator names. Pure.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "common/job/job.h"

namespace eoa::plan {

inline constexpr int kMetricsPort = 9400;

struct TrainerSettings {
  std::string image;       // of trainers whose template names none
  std::string broker_url;  // http://host:port, as pods reach it
};

// A PodTemplateSpec.
nlohmann::json PodTemplate(const TrainerSettings& settings, const api::Job& job, const api::PopulationSpec& population);

// `base` with `overlay` on it: objects are merged member by member, lists of objects that all have a `name` by that
// name (containers, volumes, environment), everything else is replaced.
nlohmann::json Overlay(nlohmann::json base, const nlohmann::json& overlay);

// Compute threads of each member: whole CPUs of the trainer container's limit, else of its request, shared by the pod's
// members; at least one.
int ThreadsOf(const nlohmann::json& container, int members_per_pod);

}  // namespace eoa::plan
