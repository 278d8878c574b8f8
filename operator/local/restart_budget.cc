#include "operator/local/restart_budget.h"

#include <algorithm>

namespace eoa::local {

std::vector<std::optional<std::string>> ExhaustedRestarts(const api::JobSpec& spec,
                                                          const std::vector<PopulationLosses>& losses) {
  const api::RunPolicy& policy = spec.run_policy;
  std::vector<int> restarts;
  restarts.reserve(losses.size());
  for (const PopulationLosses& each : losses) restarts.push_back(std::max(each.attempts - 1, each.agent_deaths));
  int sum = 0;
  for (const int count : restarts) {
    sum = spec.ecosphere.gradient_scope == api::GradientScope::kEcosphere ? std::max(sum, count) : sum + count;
  }
  std::vector<std::optional<std::string>> exhausted;
  for (const int count : restarts) {
    if (count > policy.max_population_restarts) {
      exhausted.emplace_back("restarted " + std::to_string(policy.max_population_restarts) +
                             " times (runPolicy.maxPopulationRestarts)");
    } else if (count > 0 && sum > policy.backoff_limit) {
      exhausted.emplace_back("all populations together were restarted " + std::to_string(policy.backoff_limit) +
                             " times (runPolicy.backoffLimit)");
    } else {
      exhausted.emplace_back(std::nullopt);
    }
  }
  return exhausted;
}

Duration RestartDelay(int deaths) {
  if (deaths <= 1) return Duration::zero();
  const Duration delay = std::chrono::milliseconds(500) * (1 << std::min(deaths - 2, 10));
  return std::min<Duration>(delay, std::chrono::seconds(10));
}

}  // namespace eoa::local
