// One step of each population algorithm, in terms of Step. Internal to this folder; use rates.h.
#pragma once

#include <vector>

#include "common/base/random.h"
#include "common/evolve/rates.h"
#include "common/evolve/step.h"

namespace eoa::evolve {

// Grey Wolf (Mirjalili et al. 2014, as EOA changes it): members ranked by fitness; alpha, beta and delta move around
// the baseline and the wolves above them, omegas around those three. Needs at least three members.
std::vector<double> GreyWolfStep(const std::vector<api::MemberReport>& members, const Step& step, Random& random);

// Whale (Mirjalili and Lewis 2016, as EOA changes it): each member spirals around the baseline, encircles it, or
// searches around a random member of its population.
std::vector<double> WhaleStep(const std::vector<api::MemberReport>& members, const Step& step, Random& random);

}  // namespace eoa::evolve
