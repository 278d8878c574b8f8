#include "cli/report/export_schedule.h"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/base/json_guard.h"
#include "common/base/number.h"
#include "common/evolve/trained_rate.h"

namespace eoa::report {
namespace {

constexpr std::array<std::pair<std::string_view, ScheduleFormat>, 4> kFormats = {
    {{"csv", ScheduleFormat::kCsv},
     {"json", ScheduleFormat::kJson},
     {"python", ScheduleFormat::kPython},
     {"pytorch-lambda", ScheduleFormat::kPytorchLambda}}};

struct Point {
  int generation = 0;
  std::string population;
  api::MemberReport report;
  double exported = 0;  // LR
};

std::optional<Point> PointOf(const api::JobSpec& spec, const broker::RoundView& round, const SchedulePath& path) {
  const api::Elected& elected = round.decision.elected;
  const std::string& population = path.population ? *path.population : elected.population;
  const int member = path.population ? path.member : elected.member;
  const std::optional<double> trained = TrainedRate(spec, round);
  if (!path.population && !trained) return std::nullopt;
  for (const auto& [name, report] : round.reports) {
    if (name != population) continue;
    for (const api::MemberReport& each : report.members) {
      if (each.member != member) continue;
      return Point{round.decision.generation, name, each, path.population ? each.learning_rate : *trained};
    }
  }
  if (path.population || elected.population.empty()) return std::nullopt;
  // Async: it won by a report of an earlier generation.
  return Point{round.decision.generation,
               elected.population,
               {.member = elected.member, .learning_rate = elected.learning_rate, .fitness = elected.fitness},
               *trained};
}

// One LR for each generation from `first` on.
std::vector<double> Dense(const std::vector<Point>& points, int first) {
  std::vector<double> rates;
  for (const Point& point : points) {
    const double before = rates.empty() ? point.exported : rates.back();
    rates.resize(static_cast<std::size_t>(point.generation - first), before);
    rates.push_back(point.exported);
  }
  return rates;
}

std::string Csv(const std::vector<Point>& points) {
  std::string text = "generation,population,member,learning_rate,fitness,train_loss,elected,trained\n";
  for (const Point& point : points) {
    text += std::to_string(point.generation) + "," + point.population + "," + std::to_string(point.report.member) +
            "," + FormatNumber(point.report.learning_rate) + "," + FormatNumber(point.report.fitness) + "," +
            FormatNumber(point.report.train_loss) + ",1," + FormatNumber(point.exported) + "\n";
  }
  return text;
}

// A generation's length, in what it is counted in.
struct Unit {
  std::string name;  // epoch | step
  int count = 1;
};

Unit UnitOf(const api::JobSpec& spec) {
  if (spec.ecosphere.generation_steps > 0) return {"step", spec.ecosphere.generation_steps};
  return {"epoch", spec.ecosphere.generation_epochs};
}

std::string Json(const api::Job& job, const std::vector<double>& rates) {
  const Unit unit = UnitOf(job.spec);
  nlohmann::ordered_json json = {{"name", job.metadata.name},
                                 {"uid", job.metadata.uid},
                                 {"unit", unit.name},
                                 {"unitsPerGeneration", unit.count},
                                 {"learningRates", rates}};
  return DumpJsonPretty(json) + "\n";
}

std::string Python(const api::Job& job, const std::vector<double>& rates, bool pytorch) {
  const Unit unit = UnitOf(job.spec);
  // A job's name is a DNS label, which needs no quoting.
  std::string text = "\"\"\"Learning rates that EOA found for " + job.metadata.name + ", one for each " +
                     (unit.count == 1 ? unit.name : std::to_string(unit.count) + " " + unit.name + "s") + ".\"\"\"\n\n";
  text += "LEARNING_RATES = [\n";
  for (const double rate : rates) text += "    " + FormatNumber(rate) + ",\n";
  text += "]\nPER_GENERATION = " + std::to_string(unit.count) + "  # " + unit.name + "s\n\n\n";
  text += "def learning_rate(" + unit.name + "):\n    \"\"\"The learning rate of this " + unit.name +
          ", counted from 0. After the last generation it does not change.\"\"\"\n";
  text += "    generation = int(" + unit.name + " // PER_GENERATION)\n";
  text += "    return LEARNING_RATES[min(generation, len(LEARNING_RATES) - 1)]\n";
  if (!pytorch) return text;
  text += "\n\ndef make_scheduler(optimizer):\n    \"\"\"Call its step() after each " + unit.name +
          ". The optimizer's own learning rates must not be 0; they do not matter otherwise.\"\"\"\n";
  text += "    from torch.optim.lr_scheduler import LambdaLR\n\n";
  text += "    def factor(initial):\n        return lambda " + unit.name + ": learning_rate(" + unit.name +
          ") / initial\n\n";
  text += "    return LambdaLR(optimizer, [factor(group[\"lr\"]) for group in optimizer.param_groups])\n";
  return text;
}

}  // namespace

std::optional<double> TrainedRate(const api::JobSpec& spec, const broker::RoundView& round) {
  evolve::Reports reports;
  for (const auto& [population, report] : round.reports) reports.emplace_back(population, report);
  return evolve::TrainedRate(spec, reports, round.decision);
}

Result<ScheduleFormat> ParseScheduleFormat(std::string_view name) {
  std::string allowed;
  for (const auto& [each, format] : kFormats) {
    if (each == name) return format;
    allowed += (allowed.empty() ? "" : ", ") + std::string(each);
  }
  return InvalidArgumentError("there is no format '" + std::string(name) + "'; there are " + allowed);
}

Result<std::string> ExportSchedule(const api::Job& job, const broker::EcosphereView& view, const SchedulePath& path,
                                   ScheduleFormat format) {
  if (path.population) {
    const int index = api::FindPopulation(job.spec, *path.population);
    if (index < 0) return NotFoundError("the job has no population '" + *path.population + "'");
    const int members = job.spec.population(index).members;
    if (path.member < 0 || path.member >= members) {
      return NotFoundError("'" + *path.population + "' has members 0 to " + std::to_string(members - 1));
    }
  }
  std::vector<Point> points;
  for (const broker::RoundView& round : view.rounds) {
    if (std::optional<Point> point = PointOf(job.spec, round, path)) points.push_back(*std::move(point));
  }
  const int first = path.population ? 0 : job.spec.ecosphere.probe_generations;
  if (points.empty()) return NotFoundError("no generation has ended with an election yet");
  switch (format) {
    case ScheduleFormat::kCsv:
      return Csv(points);
    case ScheduleFormat::kJson:
      return Json(job, Dense(points, first));
    case ScheduleFormat::kPython:
      return Python(job, Dense(points, first), false);
    case ScheduleFormat::kPytorchLambda:
      return Python(job, Dense(points, first), true);
  }
  return InternalError("no such format");
}

}  // namespace eoa::report
