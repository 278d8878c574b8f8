// What a population's pods are up to, and what is wrong with them, as the API server tells it. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/json_ptr.h"

namespace eoa::plan {

struct PodsTrouble {
  std::string reason;   // one word: ImagePullBackOff, Unschedulable, OOMKilled, ..., or a Reason of ours
  std::string message;  // for people: the pod and what is the matter
};

struct PodsView {
  int pods = 0;                        // not being deleted
  int ready = 0;                       // of those
  int restarts = 0;                    // of the trainer container that was restarted most, since its pod was made
  bool terminating = false;            // some are being deleted
  std::string disruption;              // which is taken away from outside, and by whom; empty: none
  bool hopeless = false;               // a trainer ended with a code that is not retried; `trouble` says which
  std::optional<PodsTrouble> trouble;  // the worst one
};

// By population; one that has no pods is missing.
using PodsByPopulation = std::map<std::string, PodsView, std::less<>>;

// The same objects in another order give the same views. `now` tells pods that are being deleted from those that should
// be gone.
PodsByPopulation LookAtPods(const std::vector<JsonPtr>& pods, WallTime now);

// No pods when the population is missing.
const PodsView& PodsOf(const PodsByPopulation& pods, const std::string& population);

}  // namespace eoa::plan
