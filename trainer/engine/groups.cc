#include "trainer/engine/groups.h"

namespace eoa::train {

Result<Groups> Groups::Join(const StartMessage& start, const api::JobSpec& spec, c10::Device device) {
  Groups groups;
  if (start.world_size == 1) {
    groups.world_ = MakeSoloComm();
    return groups;
  }
  EOA_ASSIGN_OR_RETURN(groups.meeting_,
                       Meeting::Join({.store_host = start.store_host,
                                      .store_port = start.store_port,
                                      .store_descriptor = start.store_descriptor,
                                      .rank = start.rank,
                                      .size = start.world_size,
                                      .attempt = start.attempt,
                                      .timeout = std::chrono::seconds(start.collective_timeout_seconds),
                                      .device = device,
                                      .communication = spec.trainer.device.communication}));
  EOA_ASSIGN_OR_RETURN(groups.world_, groups.meeting_->MakeGroup("world", start.rank, start.world_size));
  const int index = api::FindPopulation(spec, start.population);
  const int members = spec.population(index).members;
  if (members == start.world_size) return groups;
  if (members == 1) {
    groups.population_ = MakeSoloComm();
  } else {
    EOA_ASSIGN_OR_RETURN(groups.population_,
                         groups.meeting_->MakeGroup("population/" + start.population, start.member, members));
  }
  return groups;
}

}  // namespace eoa::train
