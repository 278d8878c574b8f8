// The Fisher-Yates shuffle by a random source of our own: std::shuffle may differ from one standard library to another,
// and the same seed must give the same training on any machine.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "common/base/random.h"

namespace eoa::train {

inline void Shuffle(Random& random, std::vector<std::uint32_t>& values) {
  for (std::size_t left = values.size(); left > 1; --left) std::swap(values[left - 1], values[random.NextBelow(left)]);
}

}  // namespace eoa::train
