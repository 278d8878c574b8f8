// Which samples train, which judge: pure functions of the labels and the job's seed, so that all members of all
// populations agree without talking to each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace eoa::train {

// Sample numbers, each list ascending; the two are disjoint and together hold every sample.
struct DataSplit {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> validation;
};

// Holds `validation_fraction` (in [0, 1)) of each class's samples out, drawn by `seed`. Each class gives its fraction
// rounded to the nearest number of samples, but, if the fraction is not 0 and the class has two samples or more, at
// least one and never all; a class with a single sample keeps it for training. Labels are >= 0.
DataSplit MakeSplit(std::span<const std::int32_t> labels, double validation_fraction, std::uint64_t seed);

// The samples a member is judged by each generation: `fitness_samples` of `validation`, drawn by `seed` without
// replacement and the same for every member and generation, ascending. 0, or as many as there are or more: all.
std::vector<std::uint32_t> FitnessSubset(std::span<const std::uint32_t> validation, int fitness_samples,
                                         std::uint64_t seed);

}  // namespace eoa::train
