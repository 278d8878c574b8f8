// Small jobs for the tests of common/evolve, and ecospheres that train on a known function in place of a network.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/job/job.h"
#include "common/messages/messages.h"

namespace eoa::evolve {

// A population of `members` with the algorithm's usual initial scaling.
api::PopulationSpec MakePopulation(const std::string& name, api::Algorithm algorithm, int members);

// 12 generations from 0.1 with seed 42.
api::JobSpec MakeJob(std::vector<api::PopulationSpec> populations);

struct Generation {
  api::Decision decision;
  std::vector<std::vector<double>> rates;  // by population and member: what the reports said
};

// Runs all generations of `spec`, where a member with LR x has fitness(x). Ends the process on an error.
std::vector<Generation> Run(const api::JobSpec& spec, const std::function<double(double)>& fitness);

}  // namespace eoa::evolve
