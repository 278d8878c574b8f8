// How the children of an EOAJob are named and labelled. Pure.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "common/job/job.h"
#include "common/words/labels.h"

namespace eoa::plan {

// A StatefulSet's name and its pods' must fit a label with the revision's hash behind it.
inline constexpr std::size_t kMaxSetNameBytes = 52;

std::string ServiceName(const api::Job& job);                                      // JOB
std::string JobConfigMapName(const api::Job& job);                                 // JOB-job
std::string SetName(const api::Job& job, const std::string& population);           // JOB-POPULATION
std::string PodName(const api::Job& job, const std::string& population, int pod);  // JOB-POPULATION-0
std::string TokenAudience(const api::Job& job);                                    // eoa.io/jobs/UID

// The labels of every child; with a population, of its own.
nlohmann::json Labels(const api::Job& job, const std::string& population = "");

// "eoa.io/job-uid=UID": all pods of a job.
std::string PodSelector(const api::Job& job);

// The reference that makes the API server delete a child with its job.
nlohmann::json OwnerReferences(const api::Job& job);

}  // namespace eoa::plan
