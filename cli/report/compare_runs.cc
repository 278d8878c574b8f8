#include "cli/report/compare_runs.h"

#include <cmath>

#include "cli/report/report_page.h"
#include "cli/report/text_table.h"
#include "common/base/json_access.h"
#include "common/base/number.h"

namespace eoa::report {
namespace {

using nlohmann::ordered_json;
using Row = std::vector<std::string>;

std::string Number(const ordered_json& value, int digits = 4) {
  return value.is_number() ? FormatShort(value.get<double>(), digits) : "-";
}

std::string Populations(const ordered_json& data) {
  std::string text;
  for (const ordered_json& population : data["populations"]) {
    if (!text.empty()) text += " + ";
    text += population["algorithm"].get<std::string>().substr(0, population["algorithm"].get<std::string>().find(',')) +
            " x" + std::to_string(population["members"].get<int>());
  }
  return text;
}

double BestFitness(const ordered_json& data) {
  double best = std::nan("");
  for (const ordered_json& round : data["rounds"]) best = std::fmax(best, round["elected"]["fitness"].get<double>());
  return best;
}

// Of all populations together in the last round; those of a generation train side by side.
double ImagesPerSecond(const ordered_json& data) {
  if (data["rounds"].empty()) return std::nan("");
  double sum = 0;
  for (const ordered_json& report : data["rounds"].back()["reports"]) sum += report["imagesPerSecond"].get<double>();
  return sum;
}

std::string Finite(double value, int digits) { return std::isfinite(value) ? FormatShort(value, digits) : "-"; }

Row RowOf(const ComparedRun& run) {
  const ordered_json& data = run.data;
  const ordered_json& result = data["result"];
  const ordered_json& rounds = data["rounds"];
  const ordered_json last = rounds.empty() ? ordered_json() : rounds.back()["elected"];
  return {run.label,
          data["state"].get<std::string>(),
          std::to_string(rounds.size()) + "/" + std::to_string(data["generations"].get<int>()),
          Number(At(result, "testAccuracy")),
          Finite(BestFitness(data), 4),
          Number(At(last, "fitness")),
          Number(At(last, "learningRate")),
          Number(At(result, "durationSeconds"), 3),
          Finite(ImagesPerSecond(data), 3),
          std::to_string(data["restarts"].size()),
          std::to_string(data["seed"].get<std::int64_t>()),
          Populations(data)};
}

}  // namespace

std::string ComparisonTable(const std::vector<ComparedRun>& runs) {
  std::vector<Row> rows = {{"run", "state", "generations", "test", "best fitness", "last fitness", "last LR", "seconds",
                            "images/s", "restarts", "seed", "populations"}};
  for (const ComparedRun& run : runs) rows.push_back(RowOf(run));
  return TextTable(rows);
}

std::string ComparisonPage(const std::vector<ComparedRun>& runs) {
  ordered_json data = {{"name", "Comparison of " + std::to_string(runs.size()) + " runs"},
                       {"runs", ordered_json::array()}};
  for (const ComparedRun& run : runs) {
    ordered_json one = run.data;
    one["label"] = run.label;
    data["runs"].push_back(std::move(one));
  }
  return ReportPage(data);
}

}  // namespace eoa::report
