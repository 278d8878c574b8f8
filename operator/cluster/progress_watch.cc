#include "operator/cluster/progress_watch.h"

namespace eoa::cluster {

std::map<std::string, SteadyTime> ProgressWatch::Observe(const std::string& job_uid, const broker::EcosphereView& view,
                                                         SteadyTime now) {
  const MutexLock lock(mutex_);
  std::map<std::string, Place>& places = jobs_[job_uid];
  std::map<std::string, SteadyTime> moved;
  for (const broker::PopulationView& population : view.populations) {
    const auto [place, is_new] = places.try_emplace(population.name);
    Place& last = place->second;
    if (is_new || last.attempt != population.attempt || last.generation != population.generation ||
        last.step != population.step || last.activity != population.activity) {
      last = {population.attempt, population.generation, population.step, population.activity, now};
    }
    moved[population.name] = last.since;
  }
  return moved;
}

void ProgressWatch::Forget(const std::string& job_uid) {
  const MutexLock lock(mutex_);
  jobs_.erase(job_uid);
}

}  // namespace eoa::cluster
