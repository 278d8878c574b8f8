#include "broker/core/view.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/codec/codec.h"

#include <nlohmann/json.hpp>

namespace eoa::broker {
namespace {

using nlohmann::json;

BrokerPhase PhaseOf(const EcosphereState& state, const Population& population) {
  if (population.stopped) return BrokerPhase::kFailed;
  if (population.finished) return population.finished->succeeded ? BrokerPhase::kSucceeded : BrokerPhase::kFailed;
  return state.WorldOf(population).running ? BrokerPhase::kRunning : BrokerPhase::kJoining;
}

void AddHeartbeats(const Population& population, PopulationView& view) {
  const api::HeartbeatRequest* behind = nullptr;
  double loss = 0;
  int count = 0;
  for (const Pod& pod : population.pods) {
    if (!pod.heartbeat) continue;
    const api::HeartbeatRequest& beat = *pod.heartbeat;
    view.images_per_second += beat.images_per_second;
    view.offline_generations = std::max(view.offline_generations, beat.offline_generations);
    loss += beat.train_loss;
    ++count;
    if (behind == nullptr || std::tie(beat.generation, beat.step) < std::tie(behind->generation, behind->step)) {
      behind = &beat;
    }
  }
  if (behind == nullptr) return;
  view.train_loss = loss / count;
  view.generation = behind->generation;
  view.step = behind->step;
  view.steps = behind->steps;
  view.activity = behind->phase;
}

PopulationView ViewOf(const EcosphereState& state, const Population& population) {
  PopulationView view;
  view.name = population.name;
  view.phase = PhaseOf(state, population);
  view.attempt = state.WorldOf(population).attempt;
  view.excused = state.WorldOf(population).excused;
  view.generation = population.generation;
  view.finished = population.finished;
  view.last_error = population.stopped ? *population.stopped : population.last_error;
  if (population.last_report) {
    for (const api::MemberReport& member : population.last_report->members) {
      const bool best = view.learning_rates.empty() || member.fitness > view.best_fitness;
      view.learning_rates.push_back(member.learning_rate);
      if (!best) continue;
      view.best_fitness = member.fitness;
      view.best_learning_rate = member.learning_rate;
    }
  }
  if (!population.ended()) AddHeartbeats(population, view);
  return view;
}

std::optional<RoundView> ViewOf(const EcosphereState& state, const Round& round) {
  const auto decision = round.decisions.find(round.last_decided);
  if (decision == round.decisions.end()) return std::nullopt;
  RoundView view{.decision = decision->second, .reports = {}};
  for (const auto& [index, report] : round.reports) view.reports.push_back({state.population(index).name, report});
  return view;
}

// Of the newest round that is decided; null before any.
const api::Decision* LastDecision(const EcosphereState& state) {
  for (auto round = state.rounds.rbegin(); round != state.rounds.rend(); ++round) {
    const auto decision = round->second.decisions.find(round->second.last_decided);
    if (decision != round->second.decisions.end()) return &decision->second;
  }
  return nullptr;
}

}  // namespace

EcosphereView MakeSummary(const EcosphereState& state) {
  EcosphereView view;
  for (const Population& population : state.populations) view.populations.push_back(ViewOf(state, population));
  if (const api::Decision* decision = LastDecision(state)) view.last_decision = *decision;
  view.tally = state.tally;
  view.round_times = state.round_times;
  return view;
}

EcosphereView MakeView(const EcosphereState& state) {
  EcosphereView view = MakeSummary(state);
  for (const auto& [generation, round] : state.rounds) {
    if (auto decided = ViewOf(state, round)) view.rounds.push_back(*std::move(decided));
  }
  return view;
}

static void Fields(codec::Visitor& v, PopulationView& view) {
  v.Type("population", "PopulationView", "One population as the broker knows it.");
  v.Text("name", view.name, {}, "Of the job file");
  v.Word("phase", view.phase, "Joining: its pods are not all there");
  v.Integer("attempt", view.attempt, {}, "0: not yet started");
  v.Integer("generation", view.generation, {}, "Being trained");
  v.Integer("step", view.step, {}, "The furthest-behind pod's");
  v.Integer("steps", view.steps, {}, "Of the generation in all");
  v.Number("imagesPerSecond", view.images_per_second, {}, "Of all its members");
  v.Number("trainLoss", view.train_loss, {}, "Mean over its pods");
  v.Numbers("learningRates", view.learning_rates, {}, "Of the last report, by member");
  v.Number("bestFitness", view.best_fitness, {}, "Of the last report");
  v.KnownWord("activity", view.activity, "The furthest-behind pod's phase");
  v.Integer("offlineGenerations", view.offline_generations, {}, "That its leader went on without a decision");
  v.Object("finished", view.finished, codec::kNullable);
  v.Text("lastError", view.last_error, {.most = std::size_t{64} << 10},
         "Why the last attempt ended, or why the population was stopped");
}

static void Fields(codec::Visitor& v, OpenRound& round) {
  v.Type("round", "OpenRound", "A round without a decision.");
  v.Integer("generation", round.generation, {}, "Of the round");
  v.Texts("reported", round.reported, "Populations that have");
}

void Fields(codec::Visitor& v, Ecosphere& value) {
  v.Type("ecosphere", "Ecosphere", "The state of the whole job.");
  v.Integer("generations", value.generations, {}, "Of the job");
  v.Objects("populations", value.populations, {}, "In the job's order");
  v.Objects("openRounds", value.open_rounds, {}, "Ascending by generation");
  v.Object("lastDecision", value.last_decision, codec::kNullable);
}

json EcosphereJson(const EcosphereState& state) {
  Ecosphere document;
  document.generations = state.spec.ecosphere.generations;
  for (const Population& population : state.populations) document.populations.push_back(ViewOf(state, population));
  if (const api::Decision* decision = LastDecision(state)) document.last_decision = *decision;
  for (const auto& [generation, round] : state.rounds) {
    if (round.decisions.contains(round.last_decided)) continue;
    OpenRound& open = document.open_rounds.emplace_back();
    open.generation = generation;
    for (const auto& [index, report] : round.reports) open.reported.push_back(state.population(index).name);
  }
  return codec::ToJson(std::move(document));
}

static void Fields(codec::Visitor& v, PopulationReport& value) {
  v.Type("report", "PopulationReport", "A report and whose it is.");
  v.Text("population", value.population, {}, "Whose");
  v.Object("report", value.report);
}

static void Fields(codec::Visitor& v, RoundView& round) {
  v.Type("round", "Round", "A decided round. Async: the newest decision of its generation.");
  v.Object("decision", round.decision);
  v.Objects("reports", round.reports, {}, "In the job's order; late ones too");
}

void Fields(codec::Visitor& v, History& value) {
  v.Type("history", "History", "Decided rounds, ascending by generation.");
  v.Objects("rounds", value.rounds, {}, "At most 100");
  v.Integer("next", value.next, {.presence = codec::kNullable}, "Where to go on; null at the end");
}

json HistoryJson(const EcosphereState& state, int from) {
  History document;
  std::size_t members = 0;
  for (auto round = state.rounds.lower_bound(from); round != state.rounds.end(); ++round) {
    auto decided = ViewOf(state, round->second);
    if (!decided) continue;
    for (const PopulationReport& report : decided->reports) members += report.report.members.size();
    const bool full = document.rounds.size() == kHistoryPage || members > kHistoryMembers;
    if (full && !document.rounds.empty()) {
      document.next = round->first;
      break;
    }
    document.rounds.push_back(*std::move(decided));
  }
  return codec::ToJson(std::move(document));
}

}  // namespace eoa::broker
