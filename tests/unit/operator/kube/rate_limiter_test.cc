#include "operator/kube/rate_limiter.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace eoa::kube {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiterTest, LetsABurstPassAndThenKeepsTheRate) {
  FakeClock clock;
  RateLimiter limiter(10, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take(clock.SteadyNow()), 0s);
  EXPECT_NEAR(ToSeconds(limiter.Take(clock.SteadyNow())), 0.1, 1e-6);
  EXPECT_NEAR(ToSeconds(limiter.Take(clock.SteadyNow())), 0.2, 1e-6);
}

TEST(RateLimiterTest, FillsUpToTheBurstOnly) {
  FakeClock clock;
  RateLimiter limiter(10, 3);
  for (int i = 0; i < 3; ++i) limiter.Take(clock.SteadyNow());
  clock.Advance(1h);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take(clock.SteadyNow()), 0s);
  EXPECT_GT(limiter.Take(clock.SteadyNow()), 0s);
}

TEST(RateLimiterTest, HasNoLimitWhenNoneIsSet) {
  RateLimiter limiter(0, 0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limiter.Take(SteadyTime()), 0s);
}

}  // namespace
}  // namespace eoa::kube
