#include <string>

#include "common/base/number.h"
#include "common/evolve/rates.h"

namespace eoa::evolve {
namespace {

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

Error AtLine(std::size_t line, const std::string& what) {
  return InvalidArgumentError("schedule, line " + std::to_string(line) + ": " + what);
}

Result<std::size_t> Column(const std::vector<std::string_view>& header, std::string_view name) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == name) return i;
  }
  return AtLine(1, "no column '" + std::string(name) + "'; a schedule.csv of `eoa run` has it");
}

}  // namespace

Result<std::vector<double>> ParseSchedule(std::string_view csv) {
  std::vector<std::string_view> lines = Split(csv, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.empty()) return AtLine(1, "empty");
  const std::vector<std::string_view> header = Split(lines[0], ',');
  EOA_ASSIGN_OR_RETURN(const std::size_t generation_column, Column(header, "generation"));
  EOA_ASSIGN_OR_RETURN(const std::size_t rate_column, Column(header, "learning_rate"));
  EOA_ASSIGN_OR_RETURN(const std::size_t elected_column, Column(header, "elected"));

  std::vector<double> rates;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string_view> row = Split(lines[i], ',');
    if (row.size() != header.size()) {
      return AtLine(i + 1, std::to_string(row.size()) + " fields; the header has " + std::to_string(header.size()));
    }
    if (row[elected_column] != "1" && row[elected_column] != "true") continue;
    Result<std::int64_t> generation = ParseInteger(row[generation_column]);
    if (!generation.ok()) return AtLine(i + 1, generation.error().message());
    Result<double> rate = ParseNumber(row[rate_column]);
    if (!rate.ok()) return AtLine(i + 1, rate.error().message());
    if (*generation != static_cast<std::int64_t>(rates.size())) {
      return AtLine(i + 1, "elected row of generation " + std::to_string(*generation) + "; expected generation " +
                               std::to_string(rates.size()));
    }
    if (*rate < 0) return AtLine(i + 1, "a learning rate must not be negative");
    rates.push_back(*rate);
  }
  if (rates.empty()) return AtLine(1, "no row is marked as elected");
  return rates;
}

}  // namespace eoa::evolve
