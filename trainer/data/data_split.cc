#include "trainer/data/data_split.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/random.h"
#include "trainer/data/shuffle.h"

namespace eoa::train {
namespace {

std::size_t HeldOut(std::size_t samples, double fraction) {
  if (fraction <= 0 || samples < 2) return 0;
  const auto wanted = static_cast<std::size_t>(std::llround(static_cast<double>(samples) * fraction));
  return std::clamp<std::size_t>(wanted, 1, samples - 1);
}

}  // namespace

DataSplit MakeSplit(std::span<const std::int32_t> labels, double validation_fraction, std::uint64_t seed) {
  std::vector<std::vector<std::uint32_t>> by_class;
  for (std::uint32_t sample = 0; sample < labels.size(); ++sample) {
    const auto label = static_cast<std::size_t>(labels[sample]);
    if (label >= by_class.size()) by_class.resize(label + 1);
    by_class[label].push_back(sample);
  }
  DataSplit split;
  for (std::size_t label = 0; label < by_class.size(); ++label) {
    std::vector<std::uint32_t>& samples = by_class[label];
    SeededRandom random(seed, {HashName("data/validation"), label});
    Shuffle(random, samples);
    const auto held_out = static_cast<std::ptrdiff_t>(HeldOut(samples.size(), validation_fraction));
    split.validation.insert(split.validation.end(), samples.begin(), samples.begin() + held_out);
    split.train.insert(split.train.end(), samples.begin() + held_out, samples.end());
  }
  std::ranges::sort(split.train);
  std::ranges::sort(split.validation);
  return split;
}

std::vector<std::uint32_t> FitnessSubset(std::span<const std::uint32_t> validation, int fitness_samples,
                                         std::uint64_t seed) {
  std::vector<std::uint32_t> subset(validation.begin(), validation.end());
  if (fitness_samples <= 0 || std::cmp_greater_equal(fitness_samples, subset.size())) return subset;
  SeededRandom random(seed, {HashName("data/fitness"), 0});
  Shuffle(random, subset);
  subset.resize(static_cast<std::size_t>(fitness_samples));
  std::ranges::sort(subset);
  return subset;
}

}  // namespace eoa::train
