#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/base/number.h"
#include "common/base/split.h"
#include "common/evolve/election.h"
#include "common/evolve/rates.h"

namespace eoa::evolve {
namespace {

// What the rows of one generation say.
struct Rows {
  std::optional<api::MemberReport> elected;  // the one that an election would choose
  std::optional<double> trained;
};

using ByGeneration = std::map<std::int64_t, Rows>;

// The text's lines, with either line end and without empty ones at the end.
std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines = Split(text, '\n');
  for (std::string_view& line : lines) {
    if (line.ends_with('\r')) line.remove_suffix(1);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

struct Columns {
  std::size_t count = 0;
  std::size_t generation = 0;
  std::size_t learning_rate = 0;
  std::size_t fitness = 0;
  std::size_t elected = 0;
  std::optional<std::size_t> loss;
  std::optional<std::size_t> trained;  // older files have none
};

Result<std::size_t> Find(const std::vector<std::string_view>& header, std::string_view name) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == name) return i;
  }
  return InvalidArgumentError("no column '" + std::string(name) + "'; a schedule.csv of `eoa run` has it");
}

Result<Columns> ReadHeader(std::string_view line) {
  const std::vector<std::string_view> header = Split(line, ',');
  Columns columns;
  columns.count = header.size();
  EOA_ASSIGN_OR_RETURN(columns.generation, Find(header, "generation"));
  EOA_ASSIGN_OR_RETURN(columns.learning_rate, Find(header, "learning_rate"));
  EOA_ASSIGN_OR_RETURN(columns.fitness, Find(header, "fitness"));
  EOA_ASSIGN_OR_RETURN(columns.elected, Find(header, "elected"));
  if (const auto loss = Find(header, "fitness_loss"); loss.ok()) columns.loss = *loss;
  if (const auto trained = Find(header, "trained"); trained.ok()) columns.trained = *trained;
  return columns;
}

// The number of a field that may be missing or empty.
Result<std::optional<double>> ReadOptional(const std::vector<std::string_view>& row,
                                           const std::optional<std::size_t>& column) {
  if (!column || row[*column].empty()) return std::optional<double>();
  EOA_ASSIGN_OR_RETURN(const double value, ParseNumber(row[*column]));
  if (value < 0) return InvalidArgumentError(FormatNumber(value) + " is negative");
  return std::optional(value);
}

Status ReadRow(std::string_view line, const Columns& columns, ByGeneration& generations) {
  const std::vector<std::string_view> row = Split(line, ',');
  if (row.size() != columns.count) {
    return InvalidArgumentError(std::to_string(row.size()) + " fields; the header has " +
                                std::to_string(columns.count));
  }
  EOA_ASSIGN_OR_RETURN(const std::int64_t generation, ParseInteger(row[columns.generation]));
  EOA_ASSIGN_OR_RETURN(const double rate, ParseNumber(row[columns.learning_rate]));
  EOA_ASSIGN_OR_RETURN(const double fitness, ParseNumber(row[columns.fitness]));
  if (rate < 0) return InvalidArgumentError("learning_rate " + FormatNumber(rate) + " is negative");
  const std::string_view mark = row[columns.elected];
  if (mark != "0" && mark != "1") return InvalidArgumentError("elected is '" + std::string(mark) + "', not 0 or 1");

  EOA_ASSIGN_OR_RETURN(const std::optional<double> loss, ReadOptional(row, columns.loss));
  Rows& rows = generations[generation];
  EOA_ASSIGN_OR_RETURN(rows.trained, ReadOptional(row, columns.trained));
  if (mark == "0") return OkStatus();
  const api::MemberReport member{.learning_rate = rate, .fitness = fitness, .train_loss = 0, .fitness_loss = loss};
  if (!rows.elected || Fitter(member, *rows.elected)) rows.elected = member;
  return OkStatus();
}

}  // namespace

Result<std::vector<double>> ParseSchedule(std::string_view csv) {
  const std::vector<std::string_view> lines = Lines(csv);
  if (lines.empty()) return InvalidArgumentError("the schedule is empty");
  const auto in_line = [](std::size_t index) { return "line " + std::to_string(index + 1); };
  Result<Columns> columns = ReadHeader(lines[0]);
  if (!columns.ok()) return std::move(columns).error().WithContext(in_line(0));

  ByGeneration generations;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (Status status = ReadRow(lines[i], *columns, generations); !status.ok()) {
      return std::move(status).error().WithContext(in_line(i));
    }
  }

  std::vector<double> rates;
  std::int64_t probes = 0;
  for (const auto& [generation, rows] : generations) {
    const std::int64_t expected = probes + static_cast<std::int64_t>(rates.size());
    if (generation != expected) {
      return InvalidArgumentError("the schedule goes on with generation " + std::to_string(generation) +
                                  " where generation " + std::to_string(expected) + " is expected");
    }
    if (columns->trained) {
      if (rows.trained) {
        rates.push_back(*rows.trained);
      } else if (rates.empty()) {
        ++probes;
      } else {
        return InvalidArgumentError("generation " + std::to_string(generation) + " has no number in column 'trained'");
      }
      continue;
    }
    if (!rows.elected && rates.empty()) return InvalidArgumentError("no row of generation 0 is marked as elected");
    rates.push_back(rows.elected ? rows.elected->learning_rate : rates.back());
  }
  if (rates.empty()) return InvalidArgumentError("the schedule has a header but no generation that trains");
  return rates;
}

}  // namespace eoa::evolve
