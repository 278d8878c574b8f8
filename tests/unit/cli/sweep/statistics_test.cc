// Expected values are those of scipy 1.17.1: stats.t.interval(0.95, n - 1, loc=mean, scale=stats.sem(values)).
#include "cli/sweep/statistics.h"

#include <gtest/gtest.h>

#include <vector>

namespace eoa::sweep {
namespace {

// Both compute in double; sums of a few numbers of size 1 differ by some units of the last place.
constexpr double kTolerance = 1e-14;

void ExpectEstimate(const std::vector<double>& values, double mean, double half_width) {
  const std::optional<Estimate> estimate = EstimateMean(values);
  ASSERT_TRUE(estimate && estimate->half_width);
  EXPECT_EQ(estimate->count, static_cast<int>(values.size()));
  EXPECT_NEAR(estimate->mean, mean, kTolerance);
  EXPECT_NEAR(*estimate->half_width, half_width, 1e-12);
}

TEST(EstimateMean, IntervalsAreThoseOfScipy) {
  ExpectEstimate({0.1, 0.4}, 0.25, 1.9059307104262038);
  ExpectEstimate({0.628, 0.652, 0.637}, 0.639, 0.030118569108246285);
  ExpectEstimate({0.571, 0.559, 0.566}, 0.5653333333333332, 0.014973671099994923);
  ExpectEstimate({0.62, 0.65, 0.61, 0.66, 0.64, 0.63, 0.6, 0.67}, 0.635, 0.020478246722841154);
}

TEST(EstimateMean, EqualNumbersHaveAnIntervalOfNoWidth) { ExpectEstimate({0.5, 0.5, 0.5}, 0.5, 0); }

TEST(EstimateMean, OneNumberHasAMeanAndNoInterval) {
  const std::optional<Estimate> estimate = EstimateMean(std::vector{0.7});
  ASSERT_TRUE(estimate);
  EXPECT_EQ(estimate->mean, 0.7);
  EXPECT_FALSE(estimate->half_width);
  EXPECT_FALSE(EstimateMean({}));
}

}  // namespace
}  // namespace eoa::sweep
