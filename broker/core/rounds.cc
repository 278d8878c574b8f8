#include "broker/core/rounds.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "broker/core/worlds.h"
#include "common/evolve/election.h"
#include "common/evolve/probe.h"

namespace eoa::broker {
namespace {

bool Same(const api::ReportRequest& left, const api::ReportRequest& right) {
  return api::ToJson(left) == api::ToJson(right);
}

// The report that this attempt has made for this generation before.
const api::ReportRequest* Earlier(const EcosphereState& state, int population, const api::ReportRequest& request) {
  const auto matches = [&](const api::ReportRequest& report) {
    return report.attempt == request.attempt && report.generation == request.generation;
  };
  const auto& last = state.population(population).last_report;
  if (last && matches(*last)) return &*last;
  const auto round = state.rounds.find(request.generation);
  if (round == state.rounds.end()) return nullptr;
  const auto found = round->second.reports.find(population);
  return found != round->second.reports.end() && matches(found->second) ? &found->second : nullptr;
}

Answer<void> CheckContent(const EcosphereState& state, const Population& population,
                          const api::ReportRequest& request) {
  if (std::cmp_not_equal(request.members.size(), population.members)) {
    return Refuse(409, Refusal::kUnusableReport,
                  "members: population " + population.name + " has " + std::to_string(population.members) +
                      " members, the report lists " + std::to_string(request.members.size()));
  }
  for (std::size_t i = 0; i < request.members.size(); ++i) {
    const api::MemberReport& member = request.members[i];
    if (std::cmp_not_equal(member.member, i)) {
      return Refuse(409, Refusal::kUnusableReport, "members must list members 0, 1, 2, ... in order");
    }
    const api::Elected as_elected{population.name, member.member, member.learning_rate, 0, request.generation};
    const Result<double> baseline = evolve::Baseline(state.spec, as_elected, request.generation);
    if (baseline.ok() && std::isfinite(*baseline)) continue;
    return Refuse(409, Refusal::kUnusableReport,
                  "members[" + std::to_string(i) + "].learningRate: no finite baseline follows from it");
  }
  return {};
}

Answer<void> CheckGeneration(const EcosphereState& state, const Population& population, int generation) {
  const int first = population.generation;
  const int end = state.spec.ecosphere.generations;
  if (generation >= first && generation < end) return {};
  return Refuse(409, Refusal::kWrongGeneration,
                "generation " + std::to_string(generation) + ": population " + population.name +
                    (first < end ? " may report " + std::to_string(first) + " to " + std::to_string(end - 1)
                                 : " has reported all its generations"));
}

// Whether a report for this generation may still come, as long as the population lives.
bool MayReport(const Population& population, int generation) {
  return !population.ended() && population.generation <= generation;
}

// Why a Sync round is to be closed now; nothing when it stays open.
std::optional<ClosedBy> Closure(const EcosphereState& state, int generation, const Round& round, SteadyTime now) {
  int alive = 0;
  bool all = true;
  bool all_that_run = true;
  for (std::size_t i = 0; i < state.populations.size(); ++i) {
    const Population& population = state.populations[i];
    alive += population.ended() ? 0 : 1;
    if (round.reports.contains(static_cast<int>(i)) || !MayReport(population, generation)) continue;
    all = false;
    if (state.WorldOf(population).running) all_that_run = false;
  }
  if (all) return ClosedBy::kAll;
  if (!round.deadline || now < *round.deadline) return {};
  const int quorum = state.spec.ecosphere.exchange.quorum;
  if (quorum == 0) return all_that_run ? std::optional(ClosedBy::kDeadline) : std::nullopt;
  if (std::cmp_less(round.reports.size(), std::min(quorum, alive))) return std::nullopt;
  return ClosedBy::kQuorum;
}

// The newest decision of an earlier generation under the same key.
const api::Decision* Previous(const EcosphereState& state, int key, int generation) {
  for (auto round = state.rounds.lower_bound(generation); round != state.rounds.begin();) {
    --round;
    const auto found = round->second.decisions.find(key);
    if (found != round->second.decisions.end()) return &found->second;
  }
  return nullptr;
}

// `reports` by population, ascending.
Result<api::Decision> Decide(const EcosphereState& state, int key, int generation,
                             const std::map<int, const api::ReportRequest*>& reports, ClosedBy closed_by) {
  api::Decision decision;
  decision.generation = generation;
  decision.closed_by = closed_by;
  evolve::Reports candidates;
  for (std::size_t i = 0; i < state.populations.size(); ++i) {
    const Population& population = state.populations[i];
    const auto report = reports.find(static_cast<int>(i));
    if (report == reports.end()) {
      decision.missing.push_back(population.name);
      continue;
    }
    candidates.emplace_back(population.name, *report->second);
    const AttemptPod& leader = population.pods.front().attempt;
    decision.weights.push_back({.population = population.name,
                                .address = leader.address,
                                .port = leader.weights_port,
                                .token = {},
                                .generation = report->second->generation,
                                .members = population.members});
  }
  const api::Decision* previous = Previous(state, key, generation);
  EOA_ASSIGN_OR_RETURN(decision, evolve::DecideRound(state.spec, candidates, previous, std::move(decision)));
  const bool first = previous == nullptr || evolve::Probes(state.spec, previous->generation);
  decision.improved = first || decision.elected.fitness > previous->elected.fitness;
  return decision;
}

Result<std::optional<RoundClosed>> DueForAll(const EcosphereState& state, SteadyTime now) {
  for (const auto& [generation, round] : state.rounds) {
    if (round.reports.empty() || round.decisions.contains(kForAll)) continue;
    const std::optional<ClosedBy> closed_by = Closure(state, generation, round, now);
    if (!closed_by) continue;
    std::map<int, const api::ReportRequest*> reports;
    for (const auto& [index, report] : round.reports) reports[index] = &report;
    EOA_ASSIGN_OR_RETURN(api::Decision decision, Decide(state, kForAll, generation, reports, *closed_by));
    return std::optional(RoundClosed{.population = {}, .decision = std::move(decision), .seconds_open = {}});
  }
  return std::optional<RoundClosed>();
}

Result<std::optional<RoundClosed>> DueForOne(const EcosphereState& state) {
  for (std::size_t i = 0; i < state.populations.size(); ++i) {
    const auto& own = state.populations[i].last_report;
    const int index = static_cast<int>(i);
    if (!own || state.rounds.at(own->generation).decisions.contains(index)) continue;
    std::map<int, const api::ReportRequest*> reports;
    for (std::size_t j = 0; j < state.populations.size(); ++j) {
      const auto& report = state.populations[j].last_report;
      if (!report || report->generation < own->generation - state.spec.ecosphere.exchange.max_staleness) continue;
      reports[static_cast<int>(j)] = &*report;
    }
    EOA_ASSIGN_OR_RETURN(api::Decision decision, Decide(state, index, own->generation, reports, ClosedBy::kAsync));
    return std::optional(
        RoundClosed{.population = state.populations[i].name, .decision = std::move(decision), .seconds_open = {}});
  }
  return std::optional<RoundClosed>();
}

}  // namespace

Answer<ReportStep> TakeReport(const EcosphereState& state, int population, const api::ReportRequest& request) {
  EOA_RETURN_IF_ERROR(CheckAttempt(state, population, request.attempt));
  const Population& of = state.population(population);
  ReportStep step;
  if (!state.async()) {
    const auto decision = DecisionFor(state, population, request.generation);
    step.answer.late =
        decision && std::find(decision->missing.begin(), decision->missing.end(), of.name) != decision->missing.end();
  }
  if (const api::ReportRequest* earlier = Earlier(state, population, request)) {
    if (Same(*earlier, request)) return step;
    return Refuse(409, Refusal::kConflictingReport,
                  "generation " + std::to_string(request.generation) + " of attempt " +
                      std::to_string(request.attempt) + " was reported before, with other numbers");
  }
  EOA_RETURN_IF_ERROR(CheckGeneration(state, of, request.generation));
  EOA_RETURN_IF_ERROR(CheckContent(state, of, request));
  step.event = ReportAccepted{.population = of.name, .report = request, .seconds_open = {}};
  return step;
}

Result<std::optional<RoundClosed>> DueElection(const EcosphereState& state, SteadyTime now) {
  return state.async() ? DueForOne(state) : DueForAll(state, now);
}

void StartDeadlines(EcosphereState& state, SteadyTime now) {
  if (state.async()) return;
  for (auto& [generation, round] : state.rounds) {
    if (round.decisions.contains(kForAll)) {
      round.deadline.reset();
    } else if (!round.deadline && !round.reports.empty()) {
      round.deadline = now + std::chrono::seconds(state.spec.ecosphere.exchange.deadline_seconds);
    }
  }
}

void StampRound(Event& event, const EcosphereState& state, SteadyTime now) {
  if (state.async()) return;
  const auto open_for = [&](int generation) {
    const auto round = state.rounds.find(generation);
    if (round == state.rounds.end() || !round->second.deadline) return 0.0;
    return std::max(0.0, ToSeconds(now - *round->second.deadline) + state.spec.ecosphere.exchange.deadline_seconds);
  };
  if (auto* report = std::get_if<ReportAccepted>(&event)) {
    report->seconds_open = open_for(report->report.generation);
  } else if (auto* closed = std::get_if<RoundClosed>(&event)) {
    closed->seconds_open = open_for(closed->decision.generation);
  }
}

void TimeRound(const Event& event, EcosphereState& state) {
  if (const auto* report = std::get_if<ReportAccepted>(&event)) {
    for (std::size_t i = 0; i < state.populations.size(); ++i) {
      if (state.populations[i].name != report->population) continue;
      state.round_times.waited_for[static_cast<int>(i)] += report->seconds_open.value_or(0);
    }
  } else if (const auto* closed = std::get_if<RoundClosed>(&event)) {
    if (!closed->seconds_open) return;
    state.round_times.seconds.Observe(*closed->seconds_open);
  }
}

Answer<void> CheckDecisionRequest(const EcosphereState& state, int population, int attempt, int generation) {
  EOA_RETURN_IF_ERROR(CheckAttempt(state, population, attempt));
  const auto round = state.rounds.find(generation);
  if (round != state.rounds.end() && round->second.reports.contains(population)) return {};
  return Refuse(409, Refusal::kWrongGeneration,
                "generation " + std::to_string(generation) + ": population " + state.population(population).name +
                    " has not reported it");
}

}  // namespace eoa::broker
