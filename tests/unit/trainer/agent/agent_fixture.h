// A small job and short words for what the agent's tests say again and again.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/job/job.h"
#include "trainer/agent/session_types.h"

namespace eoa::agent {

// Two populations: wolves with four members, two to a pod, and whales with three; four generations.
inline api::Job TestJob() {
  api::Job job;
  job.metadata.name = "test";
  job.metadata.uid = "uid-1";
  job.spec.ecosphere.generations = 4;
  job.spec.ecosphere.baseline = api::BaselineRule::kElected;
  job.spec.ecosphere.exchange.deadline_seconds = 20;
  job.spec.trainer.dataset.path = "/data";
  job.spec.trainer.model.name = "wrn-10-1";
  job.spec.trainer.model.image_size = 32;
  api::PopulationSpec wolves;
  wolves.name = "wolves";
  wolves.members = 4;
  wolves.members_per_pod = 2;
  wolves.initial_scaling = api::Scaling::kLinear;
  api::PopulationSpec whales;
  whales.name = "whales";
  whales.algorithm.name = api::Algorithm::kWhale;
  whales.members = 3;
  whales.initial_scaling = api::Scaling::kSquareRoot;
  job.spec.populations = {wolves, whales};
  return job;
}

inline PodSetup TestSetup(int population = 0, int pod = 0, api::Job job = TestJob()) {
  PodSetup setup;
  setup.job = std::make_shared<const api::Job>(std::move(job));
  setup.population = population;
  setup.pod = pod;
  setup.address = "10.0.0.7";
  setup.weights_port = 7000;
  setup.directory = "/pod";
  setup.threads = 2;
  setup.incarnation_prefix = "abc";
  setup.start_rates = {0.1, 0.2, 0.3, 0.4};
  return setup;
}

inline SteadyTime At(double seconds) { return SteadyTime{} + FromSeconds(1000 + seconds); }

// The actions of one kind, in order.
template <typename T>
std::vector<T> Of(const Actions& actions) {
  std::vector<T> found;
  for (const Action& action : actions) {
    if (const T* each = std::get_if<T>(&action)) found.push_back(*each);
  }
  return found;
}

inline std::string FieldOf(const WriteLog& line, const std::string& name) {
  for (const auto& [field, value] : line.fields) {
    if (field == name) return value;
  }
  return "no field " + name;
}

// What a worker is told, of one kind of message, in order.
template <typename T>
std::vector<T> Told(const Actions& actions) {
  std::vector<T> found;
  for (const SendToWorker& each : Of<SendToWorker>(actions)) {
    if (const T* message = std::get_if<T>(&each.message)) found.push_back(*message);
  }
  return found;
}

inline train::GenerationEndMessage EndOf(int generation, std::vector<double> rates = {0.1, 0.2, 0.3, 0.4}) {
  train::GenerationEndMessage end;
  end.generation = generation;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    end.members.push_back({static_cast<int>(i), rates[i], 0.5 + 0.01 * static_cast<double>(i), 1.5});
  }
  end.images_per_second = 400;
  return end;
}

inline api::Decision DecisionOf(int generation) {
  api::Decision decision;
  decision.generation = generation;
  decision.elected = {"wolves", 3, 0.4, 0.53, generation};
  decision.baseline = 0.4;
  decision.improved = true;
  decision.closed_by = ClosedBy::kAll;
  decision.weights = {{"wolves", "10.0.0.7", 7000, "token-of-wolves", generation, 4},
                      {"whales", "10.0.0.9", 7001, "token-of-whales", generation, 3}};
  return decision;
}

}  // namespace eoa::agent
