// Means of few numbers, and how far they may be off. Pure.
#pragma once

#include <optional>
#include <span>

namespace eoa::sweep {

// A mean with its 95 % confidence interval, mean - half_width to mean + half_width, by Student's t with count - 1
// degrees of freedom: 19 of 20 such intervals hold the true mean, if the numbers are independent and about normal.
struct Estimate {
  int count = 0;
  double mean = 0;
  std::optional<double> half_width;  // none of a single number, which says nothing about the spread
};

// Nothing of no numbers. All are finite.
std::optional<Estimate> EstimateMean(std::span<const double> values);

}  // namespace eoa::sweep
