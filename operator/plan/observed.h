// What Plan looks at: a job, its children and its ecosphere at about one moment. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "broker/core/view.h"
#include "common/base/clock.h"
#include "common/job/job.h"
#include "common/job/job_status.h"

namespace eoa::plan {

// An object of the API server; never null.
using ObjectPtr = std::shared_ptr<const nlohmann::json>;

struct Observed {
  // Complete, with uid and namespace; nothing when the spec is not valid, and then `invalid` says why.
  std::optional<api::Job> job;
  std::string invalid;

  std::int64_t generation = 0;  // metadata.generation
  bool deleting = false;        // metadata.deletionTimestamp is set
  api::JobStatus status;        // as it was last written

  std::vector<ObjectPtr> stateful_sets;
  std::vector<ObjectPtr> services;
  std::vector<ObjectPtr> config_maps;
  std::vector<ObjectPtr> pods;

  // Nothing while no broker serves the job.
  std::optional<broker::EcosphereView> ecosphere;

  // By population: when it was last seen to move.
  std::map<std::string, WallTime> last_progress;
};

// What is wrong with a population's pods, as the API server tells it.
struct PodsView {
  int pods = 0;              // not being deleted
  int ready = 0;             // of those
  int restarts = 0;          // of the trainer container that was restarted most, since its pod was made
  bool terminating = false;  // some are being deleted
  bool hopeless = false;     // a trainer ended with a code that is not retried; `message` says which
  std::string reason;        // one word: ImagePullBackOff, Unschedulable, OOMKilled, ...; empty: nothing is wrong
  std::string message;       // for people: the pod and what is the matter
};

// The same objects in another order give the same view. `now` tells pods that are being deleted from those that should
// be gone.
PodsView LookAtPods(const std::vector<ObjectPtr>& pods, const std::string& population, WallTime now);

}  // namespace eoa::plan
