// What Plan looks at: a job, its children and its ecosphere at about one moment. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/view.h"
#include "common/base/clock.h"
#include "common/base/json_ptr.h"
#include "common/job/job.h"
#include "common/job/job_status.h"

namespace eoa::plan {

struct Observed {
  // Complete, with uid and namespace; nothing when the spec is not valid, and then `invalid` says why.
  std::optional<api::Job> job;
  std::string invalid;

  std::int64_t generation = 0;  // metadata.generation
  bool deleting = false;        // metadata.deletionTimestamp is set
  api::JobStatus status;        // as it was last written
  bool fetched = false;         // `eoa fetch` has taken the model (kFetchedAnnotation)

  // Whether the cluster makes volumes for claims that name no StorageClass. False also where that is not known.
  bool default_storage_class = false;

  // As the API server holds them; none is null.
  std::vector<JsonPtr> stateful_sets;
  std::vector<JsonPtr> services;
  std::vector<JsonPtr> config_maps;
  std::vector<JsonPtr> pods;

  // Nothing while no broker serves the job.
  std::optional<broker::EcosphereView> ecosphere;

  // What keeps the broker from storing the job's rounds, or from being opened.
  std::optional<broker::StoreFault> store_fault;

  // By population: when it was last seen to move.
  std::map<std::string, WallTime> last_progress;
};

}  // namespace eoa::plan
