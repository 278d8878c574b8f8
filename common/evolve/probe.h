// The probe: whole generations before training begins, for who does not know the learning rate. In each, every
// population tries a few LRs one after another, all its members together, each from the initial weights and with an LR
// that falls to 0 (Member::Probe). The LR of the least validation loss is what training starts from; the
// weights of the probe are forgotten. Pure; docs/algorithm.md, "Probe", has the equations and why.
//
// A short trial without that fall would favour LRs that are too small (Wu et al., "Understanding short-horizon bias in
// stochastic meta-optimization", ICLR 2018).
#pragma once

#include <optional>
#include <vector>

#include "common/job/job.h"

namespace eoa::evolve {

// Whether `generation` is one of the job's probe generations.
bool Probes(const api::JobSpec& spec, int generation);

// Where the search begins: at the job's start, or where its probe ends.
struct Origin {
  double base_learning_rate = 0;  // the job's, or what the probe found
  int generation = 0;             // the first that trains
  int generations = 0;            // that train; at least 1
};

// `probed`: the decision's base_learning_rate; without one the job's counts.
Origin OriginOf(const api::JobSpec& spec, const std::optional<double>& probed);

// How many LRs a population tries in one probe generation: with those of the other populations at least four, as far as
// it has members to report them; one training run for each of them, of a generation's steps divided by them.
int ProbeTrials(const api::JobSpec& spec, int population);

// The LRs that a population's members stand for in probe generation g, by member; members of one trial have the same.
// All populations together try C = sum of their trials, dealt out in turn. Counted from c = `centre`:
//   g = 0: c 10^(2 (2 i + 1 - C) / C), i = 0 .. C-1: four decades in C cells
//   g > 0: c 10^(w (2 i + 1 - C) / (C - 1)), w = 2 / C (1 / (C - 1))^(g-1) decades: the cells beside the best, and so on
// Clipped to the population's bounds.
std::vector<double> ProbeRates(const api::JobSpec& spec, int population, int generation, double centre);

}  // namespace eoa::evolve
