#include "cli/run/live_table.h"

#include <algorithm>
#include <cstdint>

#include "cli/run/time_left.h"
#include "common/base/number.h"

namespace eoa::local {
namespace {

constexpr std::size_t kGap = 2;
constexpr const char* kBold = "\x1b[1m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kPlain = "\x1b[0m";

struct Column {
  std::string title;
  int weight;  // the columns of the greatest weight stay on a narrow terminal
  bool right;  // aligned
  std::vector<std::string> cells;

  std::size_t width() const {
    std::size_t width = title.size();
    for (const std::string& cell : cells) width = std::max(width, cell.size());
    return width;
  }
};

std::string Pad(const std::string& text, std::size_t width, bool right) {
  if (text.size() >= width) return text.substr(0, width);
  const std::string blanks(width - text.size(), ' ');
  return right ? blanks + text : text + blanks;
}

std::string Paint(const std::string& text, const char* color, const TableStyle& style) {
  return style.color ? color + text + kPlain : text;
}

std::string Activity(const broker::PopulationView& population) {
  if (population.phase == BrokerPhase::kSucceeded) return "Finished";
  if (population.phase != BrokerPhase::kRunning) return std::string(ToWord(population.phase));
  return std::string(ToWord(population.activity.value_or(TrainerPhase::kStarting)));
}

// Joins `parts` by two blanks, as many as fit.
std::string JoinFitting(const std::vector<std::string>& parts, int width) {
  std::string line;
  for (const std::string& part : parts) {
    const std::size_t needed = line.empty() ? part.size() : line.size() + kGap + part.size();
    if (std::cmp_greater(needed, width)) break;
    if (!line.empty()) line.append(kGap, ' ');
    line += part;
  }
  return line.empty() && !parts.empty() ? parts.front().substr(0, static_cast<std::size_t>(width)) : line;
}

std::vector<Column> MakeColumns(const api::Job& job, const broker::EcosphereView& view, const TableTimes& times) {
  Column name{"POPULATION", 100, false, {}};
  Column generation{"GEN", 90, true, {}};
  Column step{"STEP", 60, true, {}};
  Column speed{"IMAGES/S", 50, true, {}};
  Column rates{"LEARNING RATES", 80, false, {}};
  Column fitness{"BEST", 85, true, {}};
  Column attempt{"ATTEMPT", 20, true, {}};
  Column activity{"ACTIVITY", 70, false, {}};
  Column left{"LEFT", 65, true, {}};
  const int generations = job.spec.ecosphere.generations;
  for (std::size_t i = 0; i < view.populations.size(); ++i) {
    const broker::PopulationView& row = view.populations[i];
    name.cells.push_back(row.name);
    generation.cells.push_back(std::to_string(std::min(row.generation + 1, generations)) + "/" +
                               std::to_string(generations));
    step.cells.push_back(row.steps > 0 ? std::to_string(row.step) + "/" + std::to_string(row.steps) : "-");
    speed.cells.push_back(row.images_per_second > 0 ? FormatShort(row.images_per_second, 3) : "-");
    rates.cells.push_back(FormatRange(row.learning_rates, 3));
    fitness.cells.push_back(row.learning_rates.empty() ? "-" : FormatShort(row.best_fitness, 4));
    attempt.cells.push_back(row.attempt > 0 ? std::to_string(row.attempt) : "-");
    activity.cells.push_back(Activity(row));
    left.cells.push_back(i < times.left.size() ? FormatDuration(times.left[i]) : "--");
  }
  return {name, generation, step, speed, rates, fitness, attempt, activity, left};
}

void DropUntilFitting(std::vector<Column>& columns, int width) {
  const auto total = [&] {
    std::size_t sum = 0;
    for (const Column& column : columns) sum += column.width() + kGap;
    return sum - kGap;
  };
  while (columns.size() > 1 && std::cmp_greater(total(), width)) {
    columns.erase(std::min_element(columns.begin(), columns.end(),
                                   [](const Column& a, const Column& b) { return a.weight < b.weight; }));
  }
}

std::string Row(const std::vector<Column>& columns, const TableStyle& style, int index) {
  std::string line;
  for (const Column& column : columns) {
    const std::string& cell = index < 0 ? column.title : column.cells[static_cast<std::size_t>(index)];
    if (!line.empty()) line += std::string(kGap, ' ');
    line += Pad(cell, column.width(), column.right);
  }
  line.resize(std::min(line.size(), static_cast<std::size_t>(style.width)));
  return line.erase(line.find_last_not_of(' ') + 1);
}

std::string Headline(const api::Job& job, const broker::EcosphereView& view, const TableTimes& times, int width) {
  const int generations = job.spec.ecosphere.generations;
  double done = 0;
  Duration longest{};
  bool known = !times.left.empty();
  for (const broker::PopulationView& population : view.populations) done += GenerationsDone(job.spec, population);
  for (const auto& left : times.left) {
    known = known && left.has_value();
    if (left) longest = std::max(longest, *left);
  }
  const double share =
      view.populations.empty() ? 0 : done / (static_cast<double>(view.populations.size()) * generations);
  return JoinFitting({job.metadata.name, std::to_string(static_cast<int>(share * 100)) + " %",
                      "left " + FormatDuration(known ? std::optional(longest) : std::nullopt),
                      "elapsed " + FormatDuration(times.elapsed)},
                     width);
}

std::string ElectedLine(const broker::EcosphereView& view, int width) {
  if (view.rounds.empty()) return JoinFitting({"elected: nobody yet"}, width);
  const api::Decision& decision = view.rounds.back().decision;
  return JoinFitting(
      {"elected " + decision.elected.population + "/" + std::to_string(decision.elected.member),
       "LR " + FormatShort(decision.elected.learning_rate, 4), "fitness " + FormatShort(decision.elected.fitness, 4),
       "baseline " + FormatShort(decision.baseline, 4), "generation " + std::to_string(decision.generation + 1)},
      width);
}

}  // namespace

double GenerationsDone(const api::JobSpec& spec, const broker::PopulationView& population) {
  if (population.phase == BrokerPhase::kSucceeded) return spec.ecosphere.generations;
  const double part =
      population.steps > 0 ? static_cast<double>(population.step) / static_cast<double>(population.steps) : 0;
  return std::min<double>(population.generation + std::clamp(part, 0.0, 1.0), spec.ecosphere.generations);
}

std::string FormatRange(const std::vector<double>& values, int digits) {
  if (values.empty()) return "-";
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const std::string from = FormatShort(*least, digits);
  const std::string to = FormatShort(*greatest, digits);
  return from == to ? from : from + ".." + to;
}

std::vector<std::string> RenderTable(const api::Job& job, const broker::EcosphereView& view, const TableTimes& times,
                                     const TableStyle& style) {
  std::vector<Column> columns = MakeColumns(job, view, times);
  DropUntilFitting(columns, style.width);
  std::vector<std::string> lines = {Paint(Headline(job, view, times, style.width), kBold, style),
                                    Paint(ElectedLine(view, style.width), kGreen, style),
                                    Paint(Row(columns, style, -1), kBold, style)};
  for (std::size_t i = 0; i < view.populations.size(); ++i) {
    const std::string row = Row(columns, style, static_cast<int>(i));
    lines.push_back(view.populations[i].phase == BrokerPhase::kFailed ? Paint(row, kRed, style) : row);
  }
  return lines;
}

}  // namespace eoa::local
