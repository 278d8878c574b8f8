#include "cli/sweep/comparison.h"

#include <array>
#include <cstdio>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/report/text_table.h"
#include "common/base/json_guard.h"
#include "common/base/number.h"

namespace eoa::sweep {
namespace {

using nlohmann::ordered_json;

// Values of runs that succeeded, by seed.
using BySeed = std::map<std::int64_t, double>;

std::optional<double> MeanOf(const std::vector<double>& values) {
  const std::optional<Estimate> estimate = EstimateMean(values);
  return estimate ? std::optional(estimate->mean) : std::nullopt;
}

std::optional<Estimate> PairedDifference(const BySeed& values, const BySeed& reference) {
  std::vector<double> differences;
  for (const auto& [seed, value] : values) {
    if (const auto other = reference.find(seed); other != reference.end()) differences.push_back(value - other->second);
  }
  return EstimateMean(differences);
}

std::string Fixed(double value, int digits, bool sign = false) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), sign ? "%+.*f" : "%.*f", digits, value);
  return text.data();
}

// "63.90 ± 2.98", in points of a hundred.
std::string Percent(const std::optional<Estimate>& estimate, bool sign = false) {
  if (!estimate) return "-";
  std::string text = Fixed(100 * estimate->mean, 2, sign);
  if (estimate->half_width) text += " ± " + Fixed(100 * *estimate->half_width, 2);
  return text;
}

std::string Short(const std::optional<double>& value) { return value ? FormatShort(*value, 4) : "-"; }

std::string Cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return quoted + "\"";
}
std::string Cell(const std::optional<double>& value) { return value ? FormatNumber(*value) : ""; }

std::string Line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + cell;
  return line + "\n";
}

ordered_json OrNull(const std::optional<double>& value) { return value ? ordered_json(*value) : ordered_json(nullptr); }

ordered_json EstimateJson(const std::optional<Estimate>& estimate) {
  if (!estimate) return nullptr;
  return {{"count", estimate->count}, {"mean", estimate->mean}, {"halfWidth", OrNull(estimate->half_width)}};
}

std::string ReferenceOf(const Plan& plan, const Variant& variant) {
  return variant.reference ? plan.variants[*variant.reference].name : "";
}

ordered_json ValuesOf(const Plan& plan, const Variant& variant) {
  ordered_json values = ordered_json::object();
  for (std::size_t i = 0; i < plan.axes.size(); ++i) values[plan.axes[i]] = variant.values[i];
  return values;
}

}  // namespace

std::vector<VariantRow> Compare(const Plan& plan, const std::vector<RunRecord>& records) {
  std::vector<VariantRow> rows(plan.variants.size());
  std::vector<BySeed> accuracies(rows.size());
  std::vector<std::vector<double>> seconds(rows.size());
  std::vector<std::vector<double>> rates(rows.size());
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    const std::size_t at = plan.runs[i].variant;
    const RunRecord& record = records[i];
    ++rows[at].runs;
    rows[at].failed += record.state == RunState::kFailed;
    rows[at].succeeded += record.state == RunState::kSucceeded;
    if (record.test_accuracy) accuracies[at][plan.runs[i].seed] = *record.test_accuracy;
    if (record.seconds) seconds[at].push_back(*record.seconds);
    if (record.learning_rate_sum) rates[at].push_back(*record.learning_rate_sum);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<double> values;
    for (const auto& [seed, value] : accuracies[i]) values.push_back(value);
    rows[i].accuracy = EstimateMean(values);
    if (const auto reference = plan.variants[i].reference) {
      rows[i].difference = PairedDifference(accuracies[i], accuracies[*reference]);
    }
    rows[i].seconds = MeanOf(seconds[i]);
    rows[i].learning_rate_sum = MeanOf(rates[i]);
  }
  return rows;
}

std::string ComparisonText(const Plan& plan, const std::vector<VariantRow>& rows,
                           const std::vector<RunRecord>& records) {
  std::vector<std::vector<std::string>> cells = {
      {"variant", "runs", "test %", "difference", "pairs", "compared with", "trained", "seconds", "sum of LRs"}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const VariantRow& row = rows[i];
    const Variant& variant = plan.variants[i];
    cells.push_back({variant.name,
                     std::to_string(row.succeeded) + "/" + std::to_string(row.runs) +
                         (row.failed > 0 ? ", " + std::to_string(row.failed) + " failed" : ""),
                     Percent(row.accuracy), Percent(row.difference, true),
                     row.difference ? std::to_string(row.difference->count) : "-",
                     variant.reference ? ReferenceOf(plan, variant) : "-", ToText(TrainedBy(variant.job.spec)),
                     Short(row.seconds), Short(row.learning_rate_sum)});
  }
  std::string text = report::TextTable(cells);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].state == RunState::kFailed) text += "failed: " + plan.runs[i].id + ": " + records[i].reason + "\n";
  }
  return text;
}

std::string RunsCsv(const Plan& plan, const std::vector<RunRecord>& records) {
  std::vector<std::string> heading = {"run", "variant", "arm"};
  for (const std::string& axis : plan.axes) heading.push_back(Cell(axis));
  for (const char* name : {"seed", "state", "reason", "test_accuracy", "test_loss", "fitness", "seconds",
                           "learning_rate_sum", "passes", "images"}) {
    heading.emplace_back(name);
  }
  std::string text = Line(heading);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    const Variant& variant = plan.variants[run.variant];
    const RunRecord& record = records[i];
    std::vector<std::string> cells = {run.id, Cell(variant.name), Cell(variant.arm)};
    for (const ordered_json& value : variant.values) {
      cells.push_back(Cell(value.is_string() ? value.get<std::string>() : DumpJson(value)));
    }
    const Trained trained = TrainedBy(variant.job.spec);
    for (const std::string& cell :
         {std::to_string(run.seed), std::string(ToWord(record.state)), Cell(record.reason), Cell(record.test_accuracy),
          Cell(record.test_loss), Cell(record.fitness), Cell(record.seconds), Cell(record.learning_rate_sum),
          Cell(trained.passes), Cell(trained.images)}) {
      cells.push_back(cell);
    }
    text += Line(cells);
  }
  return text;
}

std::string VariantsCsv(const Plan& plan, const std::vector<VariantRow>& rows) {
  std::string text =
      Line({"variant", "runs", "succeeded", "failed", "test_accuracy", "test_accuracy_half_width", "compared_with",
            "pairs", "difference", "difference_half_width", "seconds", "learning_rate_sum", "passes", "images"});
  const auto mean = [](const std::optional<Estimate>& estimate) {
    return estimate ? std::optional(estimate->mean) : std::nullopt;
  };
  const auto half = [](const std::optional<Estimate>& estimate) {
    return estimate ? estimate->half_width : std::nullopt;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const VariantRow& row = rows[i];
    const Variant& variant = plan.variants[i];
    const Trained trained = TrainedBy(variant.job.spec);
    text += Line({Cell(variant.name), std::to_string(row.runs), std::to_string(row.succeeded),
                  std::to_string(row.failed), Cell(mean(row.accuracy)), Cell(half(row.accuracy)),
                  Cell(ReferenceOf(plan, variant)), row.difference ? std::to_string(row.difference->count) : "",
                  Cell(mean(row.difference)), Cell(half(row.difference)), Cell(row.seconds),
                  Cell(row.learning_rate_sum), Cell(trained.passes), Cell(trained.images)});
  }
  return text;
}

ordered_json SweepJson(const Plan& plan, const std::vector<VariantRow>& rows, const std::vector<RunRecord>& records,
                       const std::string& version) {
  ordered_json json = {{"name", plan.name}, {"version", version}, {"variants", ordered_json::array()}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const VariantRow& row = rows[i];
    const Variant& variant = plan.variants[i];
    const Trained trained = TrainedBy(variant.job.spec);
    json["variants"].push_back({{"name", variant.name},
                                {"arm", variant.arm},
                                {"values", ValuesOf(plan, variant)},
                                {"runs", row.runs},
                                {"succeeded", row.succeeded},
                                {"failed", row.failed},
                                {"testAccuracy", EstimateJson(row.accuracy)},
                                {"comparedWith", ReferenceOf(plan, variant)},
                                {"difference", EstimateJson(row.difference)},
                                {"seconds", OrNull(row.seconds)},
                                {"learningRateSum", OrNull(row.learning_rate_sum)},
                                {"passes", OrNull(trained.passes)},
                                {"images", OrNull(trained.images)}});
  }
  json["sweepRuns"] = ordered_json::array();
  for (std::size_t i = 0; i < records.size(); ++i) {
    const RunRecord& record = records[i];
    json["sweepRuns"].push_back({{"run", plan.runs[i].id},
                                 {"variant", plan.variants[plan.runs[i].variant].name},
                                 {"seed", plan.runs[i].seed},
                                 {"state", ToWord(record.state)},
                                 {"reason", record.reason},
                                 {"testAccuracy", OrNull(record.test_accuracy)},
                                 {"testLoss", OrNull(record.test_loss)},
                                 {"fitness", OrNull(record.fitness)},
                                 {"seconds", OrNull(record.seconds)},
                                 {"learningRateSum", OrNull(record.learning_rate_sum)}});
  }
  return json;
}

}  // namespace eoa::sweep
