#include "trainer/data/mixup.h"

#include <gtest/gtest.h>

namespace eoa::train {
namespace {

struct Moments {
  double mean = 0;
  double variance = 0;
};

Moments OfShares(double alpha) {
  constexpr int kDraws = 20000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double share = MixupShare(alpha, 3, i % 4, i);
    EXPECT_GE(share, 0);
    EXPECT_LE(share, 1);
    sum += share;
    squares += share * share;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

// Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1)); of 20,000 draws they are off by less than 0.01 in more than
// 99.9 % of all seeds.
TEST(Mixup, SharesAreOfTheBetaDistribution) {
  for (const double alpha : {0.1, 0.2, 1.0, 4.0}) {
    const Moments moments = OfShares(alpha);
    EXPECT_NEAR(moments.mean, 0.5, 0.012) << alpha;
    EXPECT_NEAR(moments.variance, 1 / (4 * (2 * alpha + 1)), 0.01) << alpha;
  }
}

TEST(Mixup, EachBatchOfEachMemberHasAShareOfItsOwnWhichIsAlwaysTheSame) {
  EXPECT_EQ(MixupShare(0.2, 1, 2, 3), MixupShare(0.2, 1, 2, 3));
  EXPECT_NE(MixupShare(0.2, 1, 2, 3), MixupShare(0.2, 1, 2, 4));
  EXPECT_NE(MixupShare(0.2, 1, 2, 3), MixupShare(0.2, 1, 3, 3));
  EXPECT_NE(MixupShare(0.2, 1, 2, 3), MixupShare(0.2, 2, 2, 3));
}

}  // namespace
}  // namespace eoa::train
