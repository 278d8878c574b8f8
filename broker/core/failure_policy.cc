#include "broker/core/failure_policy.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace eoa::broker {
namespace {

int NeededSuccesses(const api::SuccessPolicy& policy, int populations) {
  if (policy.type == api::SuccessType::kAny) return 1;
  if (policy.type == api::SuccessType::kBestK) return policy.k;
  return populations;
}

}  // namespace

std::string FailureOf(const PopulationView& population) {
  const bool told = population.finished && !population.finished->error.empty();
  const std::string& why = told ? population.finished->error : population.last_error;
  return population.name + ": " + (why.empty() ? "failed" : why);
}

int RestartsTogether(const api::JobSpec& spec, const std::vector<int>& restarts) {
  std::int64_t sum = 0;
  for (const std::int64_t count : restarts) {
    sum = spec.ecosphere.gradient_scope == api::GradientScope::kEcosphere ? std::max(sum, count) : sum + count;
  }
  // Attempts are counted on from what pods say.
  return static_cast<int>(std::min<std::int64_t>(sum, std::numeric_limits<int>::max()));
}

std::vector<std::optional<std::string>> ExhaustedRestarts(const api::JobSpec& spec, const std::vector<int>& restarts) {
  const api::RunPolicy& policy = spec.run_policy;
  const int together = RestartsTogether(spec, restarts);
  std::vector<std::optional<std::string>> exhausted;
  for (const int count : restarts) {
    if (count > policy.max_population_restarts) {
      exhausted.emplace_back("restarted " + std::to_string(policy.max_population_restarts) +
                             " times (runPolicy.maxPopulationRestarts)");
    } else if (count > 0 && together > policy.backoff_limit) {
      exhausted.emplace_back("all populations together were restarted " + std::to_string(policy.backoff_limit) +
                             " times (runPolicy.backoffLimit)");
    } else {
      exhausted.emplace_back(std::nullopt);
    }
  }
  return exhausted;
}

JobVerdict JudgeJob(const api::JobSpec& spec, const EcosphereView& view) {
  int succeeded = 0;
  int running = 0;
  std::string failures;
  for (const PopulationView& population : view.populations) {
    if (population.phase == BrokerPhase::kSucceeded) {
      ++succeeded;
    } else if (population.phase == BrokerPhase::kFailed) {
      failures += (failures.empty() ? "" : "; ") + FailureOf(population);
    } else {
      ++running;
    }
  }
  const int needed = NeededSuccesses(spec.run_policy.success_policy, static_cast<int>(view.populations.size()));
  if (succeeded + running < needed) return {Outcome::kFailed, failures};
  if (running > 0) return {};
  return {Outcome::kSucceeded, ""};
}

const PopulationView* ElectedPopulation(const EcosphereView& view) {
  if (!view.last_decision) return nullptr;
  const auto found = std::find_if(view.populations.begin(), view.populations.end(), [&](const auto& population) {
    return population.name == view.last_decision->elected.population;
  });
  return found == view.populations.end() ? nullptr : &*found;
}

}  // namespace eoa::broker
