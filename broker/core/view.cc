#include "broker/core/view.h"

#include <algorithm>
#include <tuple>

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
  for (const auto& [index, report] : round.reports) view.reports.emplace_back(state.population(index).name, report);
  return view;
}

json ToJson(const PopulationView& view) {
  return {{"name", view.name},
          {"phase", ToWord(view.phase)},
          {"attempt", view.attempt},
          {"generation", view.generation},
          {"step", view.step},
          {"steps", view.steps},
          {"imagesPerSecond", view.images_per_second},
          {"trainLoss", view.train_loss},
          {"learningRates", view.learning_rates},
          {"bestFitness", view.best_fitness},
          {"activity", view.activity ? ToWord(*view.activity) : ""},
          {"offlineGenerations", view.offline_generations},
          {"finished", view.finished ? api::ToJson(*view.finished) : json(nullptr)},
          {"lastError", view.last_error}};
}

json ToJson(const RoundView& view) {
  json reports = json::array();
  for (const auto& [population, report] : view.reports) {
    reports.push_back({{"population", population}, {"report", api::ToJson(report)}});
  }
  return {{"decision", api::ToJson(view.decision)}, {"reports", std::move(reports)}};
}

}  // namespace

EcosphereView MakeView(const EcosphereState& state) {
  EcosphereView view;
  for (const Population& population : state.populations) view.populations.push_back(ViewOf(state, population));
  for (const auto& [generation, round] : state.rounds) {
    if (auto decided = ViewOf(state, round)) view.rounds.push_back(*std::move(decided));
  }
  view.round_times = state.round_times;
  return view;
}

json EcosphereJson(const EcosphereState& state) {
  json populations = json::array();
  for (const Population& population : state.populations) populations.push_back(ToJson(ViewOf(state, population)));
  json open = json::array();
  json last = nullptr;
  for (const auto& [generation, round] : state.rounds) {
    if (const auto decided = ViewOf(state, round)) {
      last = api::ToJson(decided->decision);
      continue;
    }
    json reported = json::array();
    for (const auto& [index, report] : round.reports) reported.push_back(state.population(index).name);
    open.push_back({{"generation", generation}, {"reported", std::move(reported)}});
  }
  return {{"generations", state.spec.ecosphere.generations},
          {"populations", std::move(populations)},
          {"openRounds", std::move(open)},
          {"lastDecision", std::move(last)}};
}

json HistoryJson(const EcosphereState& state, int from) {
  json rounds = json::array();
  for (auto round = state.rounds.lower_bound(from); round != state.rounds.end(); ++round) {
    const auto decided = ViewOf(state, round->second);
    if (!decided) continue;
    if (rounds.size() == kHistoryPage) return {{"rounds", std::move(rounds)}, {"next", round->first}};
    rounds.push_back(ToJson(*decided));
  }
  return {{"rounds", std::move(rounds)}, {"next", nullptr}};
}

}  // namespace eoa::broker
