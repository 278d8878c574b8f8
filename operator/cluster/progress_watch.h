// ProgressWatch: when each population was last seen to move. A population that trains moves its (attempt, generation,
// step) all the time; one that does not for runPolicy.progressDeadlineSeconds is stalled, which Plan decides. In steady
// time: a wall clock that is set must not make everybody look stalled.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "broker/core/view.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace eoa::cluster {

// Thread-safety: every method from any thread. Memory: one entry for each population of the jobs that are not
// forgotten.
class ProgressWatch {
 public:
  // When each of these populations last moved, by its name; `now` for one that is seen for the first time, so that a
  // restarted operator gives everybody the whole deadline again.
  std::map<std::string, SteadyTime> Observe(const std::string& job_uid, const broker::EcosphereView& view,
                                            SteadyTime now);

  void Forget(const std::string& job_uid);

 private:
  struct Place {
    int attempt = 0;
    int generation = 0;
    std::int64_t step = 0;
    std::optional<TrainerPhase> activity;  // evaluating a big validation set takes a while without a step
    SteadyTime since;
  };
  Mutex mutex_;
  std::unordered_map<std::string, std::map<std::string, Place>> jobs_ GUARDED_BY(mutex_);
};

}  // namespace eoa::cluster
