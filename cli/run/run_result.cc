#include "cli/run/run_result.h"

#include <algorithm>

#include "common/base/json_guard.h"
#include "common/base/timestamp.h"
#include "common/codec/codec.h"

namespace eoa::local {
namespace {

using nlohmann::ordered_json;

template <typename T>
ordered_json OrNull(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json PopulationJson(const broker::PopulationView& population) {
  ordered_json json = {
      {"name", population.name}, {"phase", ToWord(population.phase)}, {"attempts", population.attempt}};
  json["generations"] = population.generation;
  json["bestFitness"] =
      population.learning_rates.empty() ? ordered_json(nullptr) : ordered_json(population.best_fitness);
  json["learningRates"] = population.learning_rates;
  if (population.phase == BrokerPhase::kFailed) json["error"] = broker::FailureOf(population);
  return json;
}

}  // namespace

ordered_json RunResultJson(const api::Job& job, const broker::EcosphereView& view, const RunSummary& summary) {
  ordered_json json = {{"name", job.metadata.name},
                       {"uid", job.metadata.uid},
                       {"seed", job.spec.seed},
                       {"outcome", ToWord(summary.verdict.outcome)},
                       {"reason", summary.verdict.reason}};
  json["generations"] = view.rounds.size();
  json["elected"] = nullptr;
  json["baseline"] = nullptr;
  if (!view.rounds.empty()) {
    const api::Decision& decision = view.rounds.back().decision;
    json["elected"] = codec::ToOrderedJson(decision.elected);
    json["baseline"] = decision.baseline;
  }
  const broker::PopulationView* elected = ElectedPopulation(view);
  const api::FinishRequest finish = elected != nullptr && elected->finished ? *elected->finished : api::FinishRequest{};
  json["testAccuracy"] = OrNull(finish.test_accuracy);
  json["testLoss"] = OrNull(finish.test_loss);
  json["testImages"] = finish.test_images;
  json["evaluation"] = summary.evaluation;
  json["populations"] = ordered_json::array();
  for (const broker::PopulationView& population : view.populations)
    json["populations"].push_back(PopulationJson(population));
  json["started"] = FormatTimestamp(summary.started, 3);
  json["durationSeconds"] = ToSeconds(summary.duration);
  json["version"] = summary.version;
  return json;
}

std::string RunResultText(ordered_json result) {
  std::vector<std::string> rows;
  if (ordered_json& evaluation = result["evaluation"]; evaluation.is_object() && evaluation["confusion"].is_array()) {
    for (ordered_json& row : evaluation["confusion"]) {
      rows.push_back(DumpJson(row));
      row = "row " + std::to_string(rows.size() - 1);
    }
  }
  std::string text = DumpJsonPretty(result);
  std::size_t at = text.find("\"confusion\"");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string mark = "\"row " + std::to_string(i) + "\"";
    at = text.find(mark, at);
    text.replace(at, mark.size(), rows[i]);
    at += rows[i].size();
  }
  return text;
}

}  // namespace eoa::local
