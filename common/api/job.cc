#include "common/api/job.h"

namespace eoa::api {

int EcosphereMembers(const JobSpec& spec) {
  int members = 0;
  for (const PopulationSpec& population : spec.populations) members += population.members;
  return members;
}

int FindPopulation(const JobSpec& spec, const std::string& name) {
  for (std::size_t i = 0; i < spec.populations.size(); ++i) {
    if (spec.populations[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace eoa::api
