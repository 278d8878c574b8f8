// Mixup (Zhang et al. 2018): a batch trains on x' = s x + (1 - s) r(x) with the loss s L(y) + (1 - s) L(r(y)), where r
// turns the batch's order round and s is one draw for the batch from Beta(alpha, alpha).
#pragma once

#include <cstdint>

namespace eoa::train {

// The share s of batch `number` of this member; a function of its arguments. alpha > 0.
double MixupShare(double alpha, std::uint64_t seed, int rank, std::int64_t number);

}  // namespace eoa::train
