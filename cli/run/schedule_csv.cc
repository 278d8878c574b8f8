#include "cli/run/schedule_csv.h"

#include "cli/report/export_schedule.h"
#include "common/base/number.h"

namespace eoa::local {

std::string ScheduleCsv(const api::JobSpec& spec, const broker::EcosphereView& view) {
  std::string text =
      "generation,population,member,learning_rate,fitness,train_loss,fitness_loss,elected,baseline,trained\n";
  for (const broker::RoundView& round : view.rounds) {
    const api::Elected& elected = round.decision.elected;
    const std::optional<double> trained = report::TrainedRate(spec, round);
    for (const auto& [population, report] : round.reports) {
      for (const api::MemberReport& member : report.members) {
        const bool chosen = elected.population == population && elected.member == member.member &&
                            elected.generation == report.generation;
        text += std::to_string(report.generation) + "," + population + "," + std::to_string(member.member) + "," +
                FormatNumber(member.learning_rate) + "," + FormatNumber(member.fitness) + "," +
                FormatNumber(member.train_loss) + "," +
                (member.fitness_loss ? FormatNumber(*member.fitness_loss) : "") + "," + (chosen ? "1" : "0") + "," +
                FormatNumber(round.decision.baseline) + "," + (trained ? FormatNumber(*trained) : "") + "\n";
      }
    }
  }
  return text;
}

}  // namespace eoa::local
