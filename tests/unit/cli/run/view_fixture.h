// A view of an ecosphere in the middle of its run.
#pragma once

#include <string>
#include <vector>

#include "broker/core/view.h"
#include "common/job/job.h"

namespace eoa::local {

inline api::Job TestJob() {
  api::Job job;
  job.metadata.name = "quickstart";
  job.metadata.uid = "uid-1";
  job.spec.seed = 42;
  job.spec.ecosphere.generations = 12;
  api::PopulationSpec wolves;
  wolves.name = "wolves";
  wolves.members = 2;
  api::PopulationSpec whales;
  whales.name = "whales";
  whales.members = 2;
  job.spec.populations = {wolves, whales};
  return job;
}

inline broker::RoundView TestRound(int generation) {
  broker::RoundView round;
  round.decision.generation = generation;
  round.decision.elected = {"wolves", 1, 0.25, 0.5, generation};
  round.decision.baseline = 0.25;
  round.decision.closed_by = ClosedBy::kAll;
  api::ReportRequest wolves;
  wolves.attempt = 1;
  wolves.generation = generation;
  wolves.members = {{0, 0.1, 0.4, 1.5}, {1, 0.25, 0.5, 1.25}};
  wolves.images_per_second = 812.4;
  api::ReportRequest whales = wolves;
  whales.members = {{0, 1.0 / 3, 0.3, 1.75}, {1, 1e-6, 0.2, 2}};
  round.reports = {{"wolves", wolves}, {"whales", whales}};
  return round;
}

inline broker::PopulationView TestPopulation(const std::string& name) {
  broker::PopulationView population;
  population.name = name;
  population.phase = BrokerPhase::kRunning;
  population.attempt = 1;
  population.generation = 4;
  population.step = 9;
  population.steps = 36;
  population.images_per_second = 812.4;
  population.train_loss = 1.5;
  population.learning_rates = {0.1, 0.25};
  population.best_fitness = 0.512345;
  population.activity = TrainerPhase::kTraining;
  return population;
}

inline broker::EcosphereView TestView() {
  broker::EcosphereView view;
  view.populations = {TestPopulation("wolves"), TestPopulation("whales")};
  for (int generation = 0; generation < 4; ++generation) view.rounds.push_back(TestRound(generation));
  view.last_decision = view.rounds.back().decision;
  return view;
}

}  // namespace eoa::local
