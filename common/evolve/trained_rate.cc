#include "common/evolve/trained_rate.h"

#include <algorithm>

#include "common/evolve/probe.h"

namespace eoa::evolve {

std::optional<double> TrainedRate(const api::JobSpec& spec, const Reports& reports, const api::Decision& decision) {
  if (Probes(spec, decision.generation)) return std::nullopt;
  const api::WeightMerge merge = spec.ecosphere.weight_merge;
  const bool elected = merge == api::WeightMerge::kNone || (merge == api::WeightMerge::kBest && decision.improved);
  if (elected) return decision.elected.learning_rate;
  double sum = 0;
  int members = 0;
  for (const auto& [population, report] : reports) {
    const auto& missing = decision.missing;
    if (std::find(missing.begin(), missing.end(), population) != missing.end()) continue;
    for (const api::MemberReport& member : report.members) {
      sum += member.learning_rate;
      ++members;
    }
  }
  return members == 0 ? decision.elected.learning_rate : sum / members;
}

}  // namespace eoa::evolve
