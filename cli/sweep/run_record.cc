#include "cli/sweep/run_record.h"

#include <algorithm>
#include <map>
#include <vector>

#include "common/base/json_access.h"
#include "common/base/number.h"
#include "common/base/split.h"
#include "common/words/phases.h"

namespace eoa::sweep {
std::optional<double> SumOfMeanRates(std::string_view schedule) {
  const std::vector<std::string_view> lines = Split(schedule, '\n');
  const std::vector<std::string_view> names = Split(lines.front(), ',');
  const auto column = [&names](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  };
  const std::size_t generation = column("generation");
  const std::size_t rate = column("learning_rate");
  const std::size_t trained = column("trained");
  struct Sum {
    double rates = 0;
    int members = 0;
  };
  std::map<std::string_view, Sum> sums;
  for (const std::string_view line : std::span(lines).subspan(1)) {
    if (line.empty()) continue;
    const std::vector<std::string_view> cells = Split(line, ',');
    if (std::max(generation, rate) >= cells.size()) return std::nullopt;
    if (trained < cells.size() && cells[trained].empty()) continue;
    const Result<double> value = ParseNumber(cells[rate]);
    if (!value.ok()) return std::nullopt;
    Sum& sum = sums[cells[generation]];
    sum.rates += *value;
    ++sum.members;
  }
  if (sums.empty()) return std::nullopt;
  double total = 0;
  for (const auto& [name, sum] : sums) total += sum.rates / sum.members;
  return total;
}

RunRecord RecordOf(const nlohmann::ordered_json& result, std::string_view schedule) {
  RunRecord record;
  const std::optional<Outcome> outcome = FromWord<Outcome>(TextAt(result, "outcome"));
  record.state = outcome == Outcome::kSucceeded ? RunState::kSucceeded
                 : outcome == Outcome::kFailed  ? RunState::kFailed
                                                : RunState::kInterrupted;
  if (record.state == RunState::kFailed) record.reason = TextAt(result, "reason");
  if (record.state != RunState::kSucceeded) return record;
  record.test_accuracy = NumberAt(result, "testAccuracy");
  record.test_loss = NumberAt(result, "testLoss");
  record.fitness = NumberAt(At(result, "elected"), "fitness");
  record.seconds = NumberAt(result, "durationSeconds");
  record.learning_rate_sum = SumOfMeanRates(schedule);
  return record;
}

}  // namespace eoa::sweep
