#include "cli/sweep/statistics.h"

#include <cmath>
#include <numeric>

#include <boost/math/distributions/students_t.hpp>

namespace eoa::sweep {

std::optional<Estimate> EstimateMean(std::span<const double> values) {
  if (values.empty()) return std::nullopt;
  const auto count = static_cast<double>(values.size());
  Estimate estimate{.count = static_cast<int>(values.size()),
                    .mean = std::accumulate(values.begin(), values.end(), 0.0) / count,
                    .half_width = std::nullopt};
  if (values.size() < 2) return estimate;
  double squares = 0;
  for (const double value : values) squares += (value - estimate.mean) * (value - estimate.mean);
  const double standard_error = std::sqrt(squares / (count - 1) / count);
  const boost::math::students_t student(count - 1);
  estimate.half_width = boost::math::quantile(student, 0.975) * standard_error;
  return estimate;
}

}  // namespace eoa::sweep
