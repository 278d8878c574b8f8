#include "broker/core/state.h"

#include <algorithm>
#include <utility>

namespace eoa::broker {
namespace {

Error Foreign(const std::string& what) { return DataLossError("a stored event does not fit the job: " + what); }

Population* Find(EcosphereState& state, const std::string& name) {
  const auto found = std::find_if(state.populations.begin(), state.populations.end(),
                                  [&](const Population& population) { return population.name == name; });
  return found == state.populations.end() ? nullptr : &*found;
}

int IndexOf(const EcosphereState& state, const Population& population) {
  return static_cast<int>(&population - state.populations.data());
}

Status Fold(const AttemptStarted& event, EcosphereState& state) {
  if (event.pods.empty()) return Foreign("an attempt without pods");
  for (const AttemptPod& each : event.pods) {
    Population* population = Find(state, each.population);
    if (population == nullptr) return Foreign("no population '" + each.population + "'");
    if (std::cmp_greater_equal(each.pod, population->pods.size())) {
      return Foreign(each.population + " has no pod " + std::to_string(each.pod));
    }
    Pod& pod = population->pods[static_cast<std::size_t>(each.pod)];
    pod = {.attempt = each,
           .weights_token = std::move(pod.weights_token),
           .waiting = {},
           .present_until = {},
           .heartbeat = {}};
    population->generation = event.resume_generation;
  }
  World& world = state.worlds[static_cast<std::size_t>(Find(state, event.pods.front().population)->world)];
  world.attempt = event.attempt;
  world.resume_generation = event.resume_generation;
  world.running = true;
  world.silenced = false;
  world.end_reason.clear();
  if (!event.excuse.empty()) world.excused.push_back(event.attempt);
  if (world.excused.size() > kMostExcused) world.excused.erase(world.excused.begin());
  return OkStatus();
}

Status Fold(const ReportAccepted& event, EcosphereState& state) {
  Population* population = Find(state, event.population);
  if (population == nullptr) return Foreign("no population '" + event.population + "'");
  population->last_report = event.report;
  population->generation = event.report.generation + 1;
  const int index = IndexOf(state, *population);
  Round& round = state.rounds[event.report.generation];
  const bool decided = round.decisions.contains(state.async() ? index : kForAll);
  // What an election saw stays as it was.
  if (decided) {
    round.reports.try_emplace(index, event.report);
  } else {
    round.reports.insert_or_assign(index, event.report);
  }
  return OkStatus();
}

void Count(const api::Decision& decision, int by, RoundTally& tally) {
  const auto add = [by](std::uint64_t& number) { number += static_cast<std::uint64_t>(by); };
  add(tally.closed[decision.closed_by]);
  add(tally.won[decision.elected.population]);
  for (const std::string& population : decision.missing) add(tally.missing[population]);
}

Status Fold(const RoundClosed& event, EcosphereState& state) {
  int key = kForAll;
  if (!event.population.empty()) {
    const Population* population = Find(state, event.population);
    if (population == nullptr) return Foreign("no population '" + event.population + "'");
    key = IndexOf(state, *population);
  }
  if (state.async() != (key != kForAll)) return Foreign("a decision of another exchange mode");
  Round& round = state.rounds[event.decision.generation];
  const bool again = !round.decisions.empty();
  const int before = round.last_decided;
  if (!round.decisions.try_emplace(key, event.decision).second) return Foreign("a round that was decided twice");
  if (again) Count(round.decisions.at(before), -1, state.tally);
  Count(event.decision, 1, state.tally);
  round.last_decided = key;
  return OkStatus();
}

Status Fold(const PopulationFinished& event, EcosphereState& state) {
  Population* population = Find(state, event.population);
  if (population == nullptr) return Foreign("no population '" + event.population + "'");
  population->finished = event.result;
  return OkStatus();
}

Status Fold(const PopulationStopped& event, EcosphereState& state) {
  Population* population = Find(state, event.population);
  if (population == nullptr) return Foreign("no population '" + event.population + "'");
  population->stopped = event.reason;
  return OkStatus();
}

}  // namespace

EcosphereState InitialState(const api::JobSpec& spec) {
  EcosphereState state;
  state.spec = spec;
  const bool shared = spec.ecosphere.gradient_scope == api::GradientScope::kEcosphere;
  state.worlds.resize(shared ? 1 : spec.populations.size());
  for (std::size_t i = 0; i < spec.populations.size(); ++i) {
    const api::PopulationSpec& from = spec.populations[i];
    Population population;
    population.name = from.name;
    population.members = from.members;
    population.members_per_pod = from.members_per_pod;
    population.world = shared ? 0 : static_cast<int>(i);
    population.pods.resize(static_cast<std::size_t>(from.members / from.members_per_pod));
    state.worlds[static_cast<std::size_t>(population.world)].populations.push_back(static_cast<int>(i));
    state.populations.push_back(std::move(population));
  }
  return state;
}

Status Apply(const Event& event, EcosphereState& state) {
  return std::visit([&](const auto& each) { return Fold(each, state); }, event);
}

Result<EcosphereState> StateAfter(const api::JobSpec& spec, const std::vector<Event>& events) {
  EcosphereState state = InitialState(spec);
  for (const Event& event : events) EOA_RETURN_IF_ERROR(Apply(event, state));
  return state;
}

std::optional<api::Decision> DecisionFor(const EcosphereState& state, int population, int generation) {
  const auto round = state.rounds.find(generation);
  if (round == state.rounds.end()) return std::nullopt;
  const auto found = round->second.decisions.find(state.async() ? population : kForAll);
  if (found == round->second.decisions.end()) return std::nullopt;
  api::Decision decision = found->second;
  for (api::WeightSource& source : decision.weights) {
    for (const Population& each : state.populations) {
      if (each.name != source.population) continue;
      source.address = each.pods.front().attempt.address;
      source.port = each.pods.front().attempt.weights_port;
      source.token = each.pods.front().weights_token;
    }
  }
  return decision;
}

std::optional<SteadyTime> NextDeadline(const EcosphereState& state, SteadyTime now) {
  std::optional<SteadyTime> next;
  const auto consider = [&](const std::optional<SteadyTime>& time) {
    if (time && *time > now && (!next || *time < *next)) next = time;
  };
  for (const Population& population : state.populations) {
    if (population.ended()) continue;
    for (const Pod& pod : population.pods) consider(pod.present_until);
  }
  for (const auto& [generation, round] : state.rounds) consider(round.deadline);
  return next;
}

}  // namespace eoa::broker
