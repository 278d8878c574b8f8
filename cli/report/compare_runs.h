// Several runs side by side. Pure.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace eoa::report {

struct ComparedRun {
  std::string label;            // its directory
  nlohmann::ordered_json data;  // ReportData()
};

// A line for each run, with headings; columns are aligned by spaces.
std::string ComparisonTable(const std::vector<ComparedRun>& runs);

// A page like report.html with the runs' elected learning rates and fitnesses in the same charts.
std::string ComparisonPage(const std::vector<ComparedRun>& runs);

}  // namespace eoa::report
