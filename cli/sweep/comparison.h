// The tables that a sweep ends with. Pure.
//
// Accuracies are shares of 1 in CSV and JSON, per cent in text. A variant's figures are those of its runs that
// succeeded; a failed run is counted beside them, so that nobody takes the mean of the survivors for all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/sweep/plan.h"
#include "cli/sweep/run_record.h"
#include "cli/sweep/statistics.h"

namespace eoa::sweep {

struct VariantRow {
  int runs = 0;
  int succeeded = 0;
  int failed = 0;
  std::optional<Estimate> accuracy;    // test accuracy
  std::optional<Estimate> difference;  // from the reference's, seed by seed, over the seeds that both have
  std::optional<double> seconds;       // means
  std::optional<double> learning_rate_sum;
};

// `records` are those of plan.runs; rows are those of plan.variants.
std::vector<VariantRow> Compare(const Plan& plan, const std::vector<RunRecord>& records);

// For a terminal: a line for each variant, then one for each run that failed.
std::string ComparisonText(const Plan& plan, const std::vector<VariantRow>& rows,
                           const std::vector<RunRecord>& records);

// One line for each run; for each variant.
std::string RunsCsv(const Plan& plan, const std::vector<RunRecord>& records);
std::string VariantsCsv(const Plan& plan, const std::vector<VariantRow>& rows);

// Both, and what the page of the sweep shows (docs/sweep.md).
nlohmann::ordered_json SweepJson(const Plan& plan, const std::vector<VariantRow>& rows,
                                 const std::vector<RunRecord>& records, const std::string& version);

}  // namespace eoa::sweep
