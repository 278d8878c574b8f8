// What people and programs see of an ecosphere: plain values, and the JSON of the read-only routes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "broker/core/state.h"
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
  std::string last_error;  // why the last attempt ended, or why the population was stopped
};

struct RoundView {
  // Sync: the generation's; Async: the newest of the populations that have reported this generation.
  api::Decision decision;
  std::vector<std::pair<std::string, api::ReportRequest>> reports;  // by population, in the job's order; late ones too
};

struct EcosphereView {
  std::vector<PopulationView> populations;  // in the job's order
  std::vector<RoundView> rounds;            // decided, ascending by generation
  RoundTimes round_times;
};

EcosphereView MakeView(const EcosphereState& state);

// GET /ecosphere: all populations, the rounds that are open, and the last decision.
nlohmann::json EcosphereJson(const EcosphereState& state);

// GET /history: at most kHistoryPage decided rounds from generation `from` on; `next` is where to go on, or null.
inline constexpr int kHistoryPage = 100;
nlohmann::json HistoryJson(const EcosphereState& state, int from);

}  // namespace eoa::broker
