// The LR that a generation's weights were trained with. Members of a population step along one shared direction, so the
// mean of their weights is what one member with the mean of their LRs would have: it, and not the elected LR, is the
// schedule to repeat (docs/algorithm.md, "What trained the model"). Pure.
#pragma once

#include <optional>

#include "common/evolve/election.h"

namespace eoa::evolve {

// The mean LR of the members whose reports took part, where their weights were averaged; the elected LR, where the
// elected member's weights were taken or each member went on with its own. Nothing for a probe generation.
std::optional<double> TrainedRate(const api::JobSpec& spec, const Reports& reports, const api::Decision& decision);

}  // namespace eoa::evolve
