// What people and programs see of an ecosphere: plain values, and the JSON of the read-only routes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "broker/core/state.h"
#include "broker/core/store_fault.h"
#include "common/messages/messages.h"

namespace eoa::broker {

// One population as the broker knows it.
struct PopulationView {
  std::string name;
  BrokerPhase phase = BrokerPhase::kJoining;
  int attempt = 0;        // 0: not yet started
  int generation = 0;     // being trained
  std::int64_t step = 0;  // the furthest-behind pod's
  std::int64_t steps = 0;
  double images_per_second = 0;          // of all its members
  double train_loss = 0;                 // mean over its pods
  std::vector<double> learning_rates;    // in use, as far as known: of the last report
  double best_fitness = 0;               // of the last report
  double best_learning_rate = 0;         // of the member that has it
  std::optional<TrainerPhase> activity;  // the furthest-behind pod's
  int offline_generations = 0;           // that its leader went on without a decision
  std::optional<api::FinishRequest> finished;
  std::string last_error;    // why the last attempt ended, or why the population was stopped
  std::vector<int> excused;  // attempts that do not count as restarts, as World has them
};

struct PopulationReport {
  std::string population;
  api::ReportRequest report;
};

struct RoundView {
  // Sync: the generation's; Async: the newest of the populations that have reported this generation.
  api::Decision decision;
  std::vector<PopulationReport> reports;  // in the job's order; late ones too
};

struct EcosphereView {
  std::vector<PopulationView> populations;  // in the job's order
  std::vector<RoundView> rounds;            // decided, ascending by generation; none in a summary
  std::optional<api::Decision> last_decision;
  RoundTally tally;
  RoundTimes round_times;
  std::optional<StoreFault> store_fault;  // what keeps its events from being stored
};

EcosphereView MakeView(const EcosphereState& state);

// The same without the rounds: as big for a job that has just begun as for one that has decided a hundred thousand.
EcosphereView MakeSummary(const EcosphereState& state);

// A round without a decision.
struct OpenRound {
  int generation = 0;
  std::vector<std::string> reported;  // populations that have
};

// GET /ecosphere: all populations, the rounds that are open, and the last decision.
struct Ecosphere {
  int generations = 0;  // of the job
  std::vector<PopulationView> populations;
  std::vector<OpenRound> open_rounds;  // ascending by generation
  std::optional<api::Decision> last_decision;
};
void Fields(codec::Visitor& v, Ecosphere& value);
nlohmann::json EcosphereJson(const EcosphereState& state);

// GET /history: at most kHistoryPage decided rounds from generation `from` on, fewer when they have more than
// kHistoryMembers members' reports.
inline constexpr int kHistoryPage = 100;
inline constexpr std::size_t kHistoryMembers = 16384;
struct History {
  std::vector<RoundView> rounds;
  std::optional<int> next;  // where to go on
};
void Fields(codec::Visitor& v, History& value);
nlohmann::json HistoryJson(const EcosphereState& state, int from);

}  // namespace eoa::broker
