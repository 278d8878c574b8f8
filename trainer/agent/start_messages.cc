#include "trainer/agent/start_messages.h"

#include "common/job/read_job.h"

namespace eoa::agent {

int CollectiveTimeoutSeconds(const api::JobSpec& spec) { return 60 + 2 * spec.ecosphere.exchange.deadline_seconds; }

std::vector<train::StartMessage> MakeStartMessages(const PodSetup& setup, const api::JoinAnswer& answer,
                                                   const std::vector<double>& rates) {
  const api::PopulationSpec& population = setup.job->spec.population(setup.population);
  const nlohmann::json job = api::JobToJson(*setup.job);
  std::vector<train::StartMessage> messages;
  for (int i = 0; i < population.members_per_pod; ++i) {
    train::StartMessage message;
    message.job = job;
    message.population = population.name;
    message.attempt = answer.attempt;
    message.member = setup.pod * population.members_per_pod + i;
    message.rank = answer.first_rank + i;
    message.world_size = answer.world_size;
    message.store_host = answer.master_address;
    message.store_port = answer.master_port;
    message.store_descriptor = message.rank == 0 ? kStoreChannel : -1;
    message.directory = setup.directory;
    message.resume_generation = answer.resume_generation;
    if (message.member == 0) message.learning_rates = rates;
    message.threads = setup.threads;
    message.profile_steps = setup.profile_steps;
    message.profile_directory = setup.profile_directory;
    message.collective_timeout_seconds = CollectiveTimeoutSeconds(setup.job->spec);
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace eoa::agent
