#include "common/job/job.h"

namespace eoa::api {

int EcosphereMembers(const JobSpec& spec) {
  int members = 0;
  for (const PopulationSpec& population : spec.populations) members += population.members;
  return members;
}

double ScalingFactor(const JobSpec& spec) {
  constexpr double kReferenceBatch = 256;
  const int members = EcosphereMembers(spec);
  if (spec.ecosphere.scaling_unit == ScalingUnit::kMembers) return members;
  return static_cast<double>(members) * spec.trainer.batch_size_per_member * spec.trainer.gradient_accumulation /
         kReferenceBatch;
}

int FindPopulation(const JobSpec& spec, const std::string& name) {
  for (std::size_t i = 0; i < spec.populations.size(); ++i) {
    if (spec.populations[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace eoa::api
