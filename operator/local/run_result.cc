#include "operator/local/run_result.h"

#include <algorithm>

#include "common/base/timestamp.h"

namespace eoa::local {
namespace {

using nlohmann::ordered_json;

int NeededSuccesses(const api::SuccessPolicy& policy, int populations) {
  if (policy.type == "Any") return 1;
  if (policy.type == "BestK") return policy.k;
  return populations;
}

std::string Failure(const broker::PopulationView& population) {
  const bool told = population.finished && !population.finished->error.empty();
  const std::string& why = told ? population.finished->error : population.last_error;
  return population.name + ": " + (why.empty() ? "failed" : why);
}

template <typename T>
ordered_json OrNull(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json PopulationJson(const broker::PopulationView& population) {
  ordered_json json = {{"name", population.name}, {"phase", population.phase}, {"attempts", population.attempt}};
  json["generations"] = population.generation;
  json["bestFitness"] =
      population.learning_rates.empty() ? ordered_json(nullptr) : ordered_json(population.best_fitness);
  json["learningRates"] = population.learning_rates;
  if (population.phase == "Failed") json["error"] = Failure(population);
  return json;
}

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRunning:
      return "Running";
    case Outcome::kSucceeded:
      return "Succeeded";
    case Outcome::kFailed:
      return "Failed";
    case Outcome::kInterrupted:
      return "Interrupted";
  }
  return "Unknown";
}

Verdict Judge(const api::JobSpec& spec, const broker::EcosphereView& view) {
  int succeeded = 0;
  int running = 0;
  std::string failures;
  for (const broker::PopulationView& population : view.populations) {
    if (population.phase == "Succeeded") {
      ++succeeded;
    } else if (population.phase == "Failed") {
      failures += (failures.empty() ? "" : "; ") + Failure(population);
    } else {
      ++running;
    }
  }
  const int needed = NeededSuccesses(spec.run_policy.success_policy, static_cast<int>(view.populations.size()));
  if (succeeded + running < needed) return {Outcome::kFailed, failures};
  if (running > 0) return {};
  return {Outcome::kSucceeded, ""};
}

const broker::PopulationView* ElectedPopulation(const broker::EcosphereView& view) {
  if (view.rounds.empty()) return nullptr;
  const auto found = std::find_if(view.populations.begin(), view.populations.end(), [&](const auto& population) {
    return population.name == view.rounds.back().decision.elected.population;
  });
  return found == view.populations.end() ? nullptr : &*found;
}

ordered_json RunResultJson(const api::Job& job, const broker::EcosphereView& view, const RunSummary& summary) {
  ordered_json json = {{"name", job.metadata.name},
                       {"uid", job.metadata.uid},
                       {"seed", job.spec.seed},
                       {"outcome", OutcomeName(summary.verdict.outcome)},
                       {"reason", summary.verdict.reason}};
  json["generations"] = view.rounds.size();
  json["elected"] = nullptr;
  json["baseline"] = nullptr;
  if (!view.rounds.empty()) {
    const api::Decision& decision = view.rounds.back().decision;
    json["elected"] = {{"population", decision.elected.population},
                       {"member", decision.elected.member},
                       {"learningRate", decision.elected.learning_rate},
                       {"fitness", decision.elected.fitness},
                       {"generation", decision.elected.generation}};
    json["baseline"] = decision.baseline;
  }
  const broker::PopulationView* elected = ElectedPopulation(view);
  const api::FinishRequest finish = elected != nullptr && elected->finished ? *elected->finished : api::FinishRequest{};
  json["testAccuracy"] = OrNull(finish.test_accuracy);
  json["testLoss"] = OrNull(finish.test_loss);
  json["testImages"] = finish.test_images;
  json["populations"] = ordered_json::array();
  for (const broker::PopulationView& population : view.populations)
    json["populations"].push_back(PopulationJson(population));
  json["started"] = FormatTimestamp(summary.started, 3);
  json["durationSeconds"] = ToSeconds(summary.duration);
  json["version"] = summary.version;
  return json;
}

}  // namespace eoa::local
