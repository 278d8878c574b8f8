#include "cli/run/event_lines.h"

#include "cli/run/live_table.h"
#include "common/base/number.h"

namespace eoa::local {
namespace {

std::string DescribeRound(const api::Job& job, const broker::RoundView& round) {
  const api::Decision& decision = round.decision;
  std::string line = "generation " + std::to_string(decision.generation + 1) + "/" +
                     std::to_string(job.spec.ecosphere.generations) + ": elected " + decision.elected.population + "/" +
                     std::to_string(decision.elected.member) + ", LR " +
                     FormatShort(decision.elected.learning_rate, 4) + ", fitness " +
                     FormatShort(decision.elected.fitness, 4) + ", baseline " + FormatShort(decision.baseline, 4);
  for (const auto& [population, report] : round.reports) {
    std::vector<double> rates;
    std::vector<double> fitnesses;
    for (const api::MemberReport& member : report.members) {
      rates.push_back(member.learning_rate);
      fitnesses.push_back(member.fitness);
    }
    line += "; " + population + " LR " + FormatRange(rates, 3) + " fitness " + FormatRange(fitnesses, 3);
    if (report.images_per_second > 0) line += " " + FormatShort(report.images_per_second, 3) + " images/s";
  }
  for (const std::string& missing : decision.missing) line += "; without " + missing;
  return line;
}

std::string DescribeEnd(const broker::PopulationView& population) {
  if (population.phase == BrokerPhase::kFailed) {
    const std::string& why = population.finished ? population.finished->error : population.last_error;
    return population.name + ": failed" + (why.empty() ? "" : ": " + why);
  }
  std::string line = population.name + ": finished";
  if (population.finished && population.finished->test_accuracy) {
    line += ", test accuracy " + FormatShort(*population.finished->test_accuracy, 4);
  }
  return line;
}

}  // namespace

EventLines DescribeChanges(const api::Job& job, const broker::EcosphereView& before,
                           const broker::EcosphereView& after) {
  EventLines lines;
  for (std::size_t i = before.rounds.size(); i < after.rounds.size(); ++i) {
    lines.rounds.push_back(DescribeRound(job, after.rounds[i]));
  }
  for (std::size_t i = 0; i < after.populations.size(); ++i) {
    const broker::PopulationView& now = after.populations[i];
    const broker::PopulationView was = i < before.populations.size() ? before.populations[i] : broker::PopulationView{};
    if (now.attempt > was.attempt) {
      std::string line = now.name + ": attempt " + std::to_string(now.attempt) + " starts at generation " +
                         std::to_string(now.generation + 1);
      if (now.attempt > 1 && !now.last_error.empty()) line += " after: " + now.last_error;
      lines.others.push_back(std::move(line));
    }
    if (HasEnded(now.phase) && now.phase != was.phase) lines.others.push_back(DescribeEnd(now));
  }
  return lines;
}

}  // namespace eoa::local
