// EcosphereState: everything a broker knows of one job, as a value. What must survive a restart is a fold over events
// (Apply); the rest, marked volatile, is told again by the agents within one heartbeat or poll. The rules are in
// worlds.h (joins, attempts, heartbeats) and rounds.h (reports, elections); they take state and time and answer, with
// no clock, thread or I/O. Thread-safety: a plain value.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "broker/core/event.h"
#include "common/base/clock.h"
#include "common/base/histogram.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "common/messages/messages.h"

namespace eoa::broker {

// One pod of a population.
struct Pod {
  // Of the newest attempt it took part in; empty before the first.
  AttemptPod attempt;

  // Volatile:
  std::string weights_token;                       // never stored, since who may read rounds may not read weights
  std::optional<api::JoinRequest> waiting;         // it wants to be part of the next attempt
  std::optional<SteadyTime> present_until;         // without a sign of life until then it is lost
  std::optional<api::HeartbeatRequest> heartbeat;  // the last of this attempt
};

struct Population {
  std::string name;
  int members = 0;
  int members_per_pod = 1;
  int world = 0;  // index into EcosphereState::worlds
  std::vector<Pod> pods;
  int generation = 0;                             // being trained in the newest attempt, as far as reported
  std::optional<api::ReportRequest> last_report;  // the last that was accepted
  std::optional<api::FinishRequest> finished;     // its terminal result
  std::optional<std::string> stopped;             // why it was given up
  std::string last_error;                         // volatile: why the last attempt ended

  bool ended() const { return finished.has_value() || stopped.has_value(); }
};

// Members that average gradients with each other: one population, or all of them with gradientScope Ecosphere.
// Populations that have ended take no part in later attempts.
struct World {
  std::vector<int> populations;  // ascending indices into EcosphereState::populations
  int attempt = 0;               // the newest; 0: none yet
  int resume_generation = 0;     // of that attempt
  std::vector<int> excused;      // attempts that do not count as restarts, ascending; the newest kMostExcused

  // Volatile; a running attempt stays one over a restart of the broker until an agent says otherwise:
  bool running = false;    // the newest attempt has not ended
  bool silenced = false;   // it ended because the broker heard nothing of a pod
  std::string end_reason;  // why it ended
};

inline constexpr std::size_t kMostExcused = 64;

// The exchange after one generation.
struct Round {
  std::map<int, api::ReportRequest> reports;  // by population
  // Sync: one decision for all, under kForAll; Async: one for each population that reported, under its index.
  std::map<int, api::Decision> decisions;
  int last_decided = 0;                // key of the newest decision
  std::optional<SteadyTime> deadline;  // volatile: Sync, while undecided: quorum suffices from then on
};
inline constexpr int kForAll = -1;

// How long rounds of Sync mode were open, as this process saw it: from the first report to the decision.
struct RoundTimes {
  static constexpr std::array<double, 10> kSecondsBounds = {0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600};
  Histogram seconds{kSecondsBounds};
  std::map<int, double> waited_for;  // by population: how long rounds had been open when it reported
};

// Decided rounds, counted. Async: of each generation the newest decision.
struct RoundTally {
  std::map<ClosedBy, std::uint64_t> closed;
  std::map<std::string, std::uint64_t> won;      // by population: its member was elected
  std::map<std::string, std::uint64_t> missing;  // by population: decided without its report
};

struct EcosphereState {
  api::JobSpec spec;
  std::vector<Population> populations;  // in the job's order
  std::vector<World> worlds;
  std::map<int, Round> rounds;  // by generation; only those that somebody reported
  RoundTally tally;
  RoundTimes round_times;            // volatile
  std::uint64_t attempts_ended = 0;  // volatile: grows when one ends without an event

  bool async() const { return spec.ecosphere.exchange.mode == api::ExchangeMode::kAsync; }
  const Population& population(int index) const { return populations[static_cast<std::size_t>(index)]; }
  Population& population(int index) { return populations[static_cast<std::size_t>(index)]; }
  const World& WorldOf(const Population& of) const { return worlds[static_cast<std::size_t>(of.world)]; }
  World& WorldOf(const Population& of) { return worlds[static_cast<std::size_t>(of.world)]; }
};

// A job that nobody has joined yet.
EcosphereState InitialState(const api::JobSpec& spec);

// Folds one event into the state. DataLoss when the event cannot belong to this job.
Status Apply(const Event& event, EcosphereState& state);

// The state after all of these.
Result<EcosphereState> StateAfter(const api::JobSpec& spec, const std::vector<Event>& events);

// The decision that holds for this population after this generation, if there is one. Its weight sources name where
// each population serves its weights now.
std::optional<api::Decision> DecisionFor(const EcosphereState& state, int population, int generation);

// When a rule that depends on time is due next, after `now`: a pod would be lost, a round's deadline passes.
std::optional<SteadyTime> NextDeadline(const EcosphereState& state, SteadyTime now);

}  // namespace eoa::broker
