#include "cli/report/report_data.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "broker/core/state.h"
#include "common/base/number.h"
#include "common/codec/codec.h"
#include "common/job/read_job.h"

namespace eoa::report {
namespace {

using nlohmann::ordered_json;

// For people: "Grey Wolf, step Canonical, 0.25".
std::string AlgorithmWords(const api::AlgorithmSpec& algorithm) {
  if (algorithm.name == api::Algorithm::kFixed) {
    return algorithm.learning_rates.empty() ? "Fixed, " + algorithm.schedule : "Fixed, replays a schedule";
  }
  const std::string name = algorithm.name == api::Algorithm::kGreyWolf ? "Grey Wolf" : "Whale";
  const std::string scale = algorithm.step_scale_cosine ? "cosine" : FormatShort(algorithm.step_scale, 3);
  return name + ", step " + std::string(ToWord(algorithm.step)) + ", " + scale;
}

// By generation and population: seconds from the report that an election saw to that election.
using Waits = std::map<std::pair<int, std::string>, double>;

Waits WaitsOf(const std::vector<broker::Event>& events) {
  std::map<std::pair<int, std::string>, double> open_at_report;
  Waits waits;
  for (const broker::Event& event : events) {
    if (const auto* report = std::get_if<broker::ReportAccepted>(&event)) {
      if (report->seconds_open) open_at_report[{report->report.generation, report->population}] = *report->seconds_open;
    } else if (const auto* closed = std::get_if<broker::RoundClosed>(&event)) {
      if (!closed->seconds_open) continue;
      for (const auto& [key, seconds] : open_at_report) {
        if (key.first == closed->decision.generation) waits[key] = std::max(0.0, *closed->seconds_open - seconds);
      }
    }
  }
  return waits;
}

ordered_json RoundJson(const broker::RoundView& round, const Waits& waits) {
  ordered_json json = {{"generation", round.decision.generation},
                       {"baseline", round.decision.baseline},
                       {"closedBy", ToWord(round.decision.closed_by)},
                       {"missing", round.decision.missing},
                       {"elected", codec::ToOrderedJson(round.decision.elected)},
                       {"reports", ordered_json::array()}};
  for (const auto& [population, report] : round.reports) {
    ordered_json members = ordered_json::array();
    for (const api::MemberReport& member : report.members) members.push_back(codec::ToOrderedJson(member));
    const auto wait = waits.find({report.generation, population});
    json["reports"].push_back({{"population", population},
                               {"imagesPerSecond", report.images_per_second},
                               {"waitSeconds", wait == waits.end() ? ordered_json() : ordered_json(wait->second)},
                               {"members", std::move(members)}});
  }
  return json;
}

// Attempts after a world's first, in the order in which they began.
ordered_json Restarts(const std::vector<broker::Event>& events) {
  ordered_json restarts = ordered_json::array();
  for (const broker::Event& event : events) {
    const auto* attempt = std::get_if<broker::AttemptStarted>(&event);
    if (attempt == nullptr || attempt->attempt <= 1) continue;
    std::vector<std::string> populations;
    for (const broker::AttemptPod& pod : attempt->pods) {
      if (populations.empty() || populations.back() != pod.population) populations.push_back(pod.population);
    }
    restarts.push_back(
        {{"populations", populations}, {"attempt", attempt->attempt}, {"generation", attempt->resume_generation}});
  }
  return restarts;
}

}  // namespace

Result<broker::EcosphereView> ViewOf(const ReportInput& input) {
  EOA_ASSIGN_OR_RETURN(const broker::EcosphereState state, broker::StateAfter(input.job.spec, input.events));
  return broker::MakeView(state);
}

Result<ordered_json> ReportData(const ReportInput& input) {
  const api::JobSpec& spec = input.job.spec;
  EOA_ASSIGN_OR_RETURN(const broker::EcosphereView view, ViewOf(input));
  const bool ended = input.result.is_object() && input.result.contains("outcome");
  ordered_json data = {{"name", input.job.metadata.name},
                       {"uid", input.job.metadata.uid},
                       {"seed", spec.seed},
                       {"version", input.version},
                       {"job", api::JobToYaml(input.job)},
                       {"state", ended ? input.result["outcome"] : ordered_json(ToWord(Outcome::kRunning))},
                       {"generations", spec.ecosphere.generations},
                       {"populations", ordered_json::array()},
                       {"rounds", ordered_json::array()},
                       {"restarts", Restarts(input.events)},
                       {"stops", ordered_json::array()},
                       {"result", input.result}};
  for (std::size_t i = 0; i < view.populations.size(); ++i) {
    const broker::PopulationView& population = view.populations[i];
    data["populations"].push_back({{"name", population.name},
                                   {"algorithm", AlgorithmWords(spec.populations[i].algorithm)},
                                   {"members", spec.populations[i].members},
                                   {"phase", ToWord(population.phase)},
                                   {"attempts", population.attempt},
                                   {"error", population.last_error}});
  }
  const Waits waits = WaitsOf(input.events);
  for (const broker::RoundView& round : view.rounds) data["rounds"].push_back(RoundJson(round, waits));
  for (const broker::Event& event : input.events) {
    if (const auto* stopped = std::get_if<broker::PopulationStopped>(&event)) {
      data["stops"].push_back({{"population", stopped->population}, {"reason", stopped->reason}});
    }
  }
  return data;
}

}  // namespace eoa::report
