// Computes elections, baselines and learning rates for the cases on stdin, one JSON object to a line, and prints the
// results likewise. parity_test.py makes the cases and compares the results with its own transcription.
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "common/base/json_guard.h"
#include "common/evolve/election.h"
#include "common/evolve/rates.h"

namespace {

using eoa::Result;
using nlohmann::json;

template <typename Enum>
Enum Pick(const json& name, const std::vector<std::pair<std::string, Enum>>& values) {
  for (const auto& [text, value] : values) {
    if (name == text) return value;
  }
  eoa::CheckFailed(__FILE__, __LINE__, "a known name", name.dump());
}

eoa::api::AlgorithmSpec ReadAlgorithm(const json& item) {
  using namespace eoa::api;  // NOLINT(google-build-using-namespace): a table of its enumerators
  AlgorithmSpec algorithm;
  algorithm.name =
      Pick<Algorithm>(item["algorithm"], {{"GreyWolf", Algorithm::kGreyWolf}, {"Whale", Algorithm::kWhale}});
  algorithm.step = Pick<StepRule>(item["step"], {{"Scaled", StepRule::kScaled},
                                                 {"Canonical", StepRule::kCanonical},
                                                 {"Affine", StepRule::kAffine},
                                                 {"AffineRelative", StepRule::kAffineRelative},
                                                 {"Proportional", StepRule::kProportional}});
  algorithm.space = Pick<Space>(item["space"], {{"Linear", Space::kLinear}, {"Log", Space::kLog}});
  algorithm.absolute_distance = item["absoluteDistance"];
  algorithm.step_scale_cosine = item["stepScale"] == "Cosine";
  if (!algorithm.step_scale_cosine) algorithm.step_scale = item["stepScale"];
  algorithm.min_learning_rate = item["minLearningRate"];
  algorithm.max_learning_rate = item["maxLearningRate"];
  return algorithm;
}

eoa::api::JobSpec ReadJob(const json& item) {
  using namespace eoa::api;  // NOLINT(google-build-using-namespace): a table of its enumerators
  JobSpec spec;
  spec.seed = item["seed"];
  spec.trainer.batch_size_per_member = item["batchSizePerMember"];
  spec.trainer.gradient_accumulation = item["gradientAccumulation"];
  spec.ecosphere.generations = item["generations"];
  spec.ecosphere.warmup_generations = item["warmupGenerations"];
  spec.ecosphere.base_learning_rate = item["baseLearningRate"];
  spec.ecosphere.baseline =
      Pick<BaselineRule>(item["baseline"], {{"Elected", BaselineRule::kElected},
                                            {"CosineBlend", BaselineRule::kCosineBlend},
                                            {"CosineStep", BaselineRule::kCosineStep},
                                            {"CosineMultiplier", BaselineRule::kCosineMultiplier}});
  spec.ecosphere.scaling_unit = Pick<ScalingUnit>(
      item["scalingUnit"], {{"Members", ScalingUnit::kMembers}, {"Batch256", ScalingUnit::kBatch256}});
  for (const json& population : item["populations"]) {
    PopulationSpec& added = spec.populations.emplace_back();
    added.name = population["name"];
    added.members = static_cast<int>(population["members"].size());
    added.algorithm = ReadAlgorithm(item);
    added.initial_scaling =
        Pick<Scaling>(item["initialScaling"],
                      {{"Linear", Scaling::kLinear}, {"SquareRoot", Scaling::kSquareRoot}, {"None", Scaling::kNone}});
  }
  return spec;
}

eoa::evolve::Reports ReadReports(const json& item) {
  eoa::evolve::Reports reports;
  for (const json& population : item["populations"]) {
    eoa::api::ReportRequest report{.attempt = 1, .generation = item["generation"], .members = {}};
    for (const json& member : population["members"]) {
      report.members.push_back({.member = member["member"],
                                .learning_rate = member["learningRate"],
                                .fitness = member["fitness"],
                                .train_loss = 0});
    }
    reports.emplace_back(population["name"], report);
  }
  return reports;
}

Result<json> Compute(const json& item) {
  const eoa::api::JobSpec spec = ReadJob(item);
  const eoa::evolve::Reports reports = ReadReports(item);
  const int generation = item["generation"];
  json result;
  eoa::api::Decision decision;
  decision.generation = generation;
  EOA_ASSIGN_OR_RETURN(decision, eoa::evolve::DecideRound(spec, reports, nullptr, decision));
  result["elected"] = {decision.elected.population, decision.elected.member};
  result["baseline"] = decision.baseline;

  EOA_ASSIGN_OR_RETURN(result["start"], eoa::evolve::StartRates(spec, 0));
  EOA_ASSIGN_OR_RETURN(const eoa::evolve::RatesPlan plan,
                       eoa::evolve::PlanNextRates(spec, 0, reports[0].second.members, decision, generation));
  result["planned"] = plan.rates;

  eoa::RecordedRandom random(item["uniforms"].get<std::vector<double>>());
  EOA_ASSIGN_OR_RETURN(
      result["replayed"],
      eoa::evolve::NextRates({spec.populations[0].algorithm, reports[0].second.members, decision.baseline,
                              eoa::evolve::ReferenceRate(spec), generation, spec.ecosphere.generations},
                             random));
  result["unused"] = random.remaining();
  return result;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const Result<json> item = eoa::ParseJson(line);
    const Result<json> result = item.ok() ? Compute(*item) : item;
    if (!result.ok()) {
      std::cerr << result.error().ToString() << "\n" << line << "\n";
      return 1;
    }
    std::cout << eoa::DumpJson(*result) << "\n";
  }
  return 0;
}
