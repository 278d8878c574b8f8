#include "cli/run/time_left.h"

#include <gtest/gtest.h>

namespace eoa::local {
namespace {

SteadyTime At(double seconds) { return SteadyTime{} + FromSeconds(seconds); }

TEST(TimeLeft, IsUnknownAtFirst) {
  TimeLeft left(10);
  EXPECT_FALSE(left.Estimate().has_value());
  left.Observe(At(0), 0);
  EXPECT_FALSE(left.Estimate().has_value());
  left.Observe(At(0.5), 0.5);
  EXPECT_FALSE(left.Estimate().has_value());
}

TEST(TimeLeft, FollowsASteadySpeed) {
  TimeLeft left(10);
  for (int i = 0; i <= 20; ++i) left.Observe(At(i), i * 0.25);
  // Five of ten generations in 20 s.
  EXPECT_NEAR(ToSeconds(*left.Estimate()), 20, 0.01);
}

TEST(TimeLeft, ForgetsHowFastItWasMoreThanThreeGenerationsAgo) {
  TimeLeft left(100);
  for (int i = 0; i <= 50; ++i) left.Observe(At(i * 0.1), i * 0.1);
  const double then = 5;
  for (int i = 1; i <= 40; ++i) left.Observe(At(then + i), 5 + i * 0.1);
  // Ten seconds a generation now.
  EXPECT_NEAR(ToSeconds(*left.Estimate()), (100 - 9) * 10, 10);
}

TEST(TimeLeft, StartsAnewAfterARestartFromACheckpoint) {
  TimeLeft left(10);
  for (int i = 0; i <= 30; ++i) left.Observe(At(i * 0.1), i * 0.1);
  left.Observe(At(10), 2);
  EXPECT_FALSE(left.Estimate().has_value());
  left.Observe(At(14), 3);
  EXPECT_NEAR(ToSeconds(*left.Estimate()), 28, 0.01);
}

TEST(TimeLeft, IsZeroAtTheEnd) {
  TimeLeft left(2);
  left.Observe(At(0), 2);
  EXPECT_EQ(*left.Estimate(), Duration::zero());
}

TEST(TimeLeft, KeepsItsBoundOverLongGenerations) {
  TimeLeft left(2);
  for (int i = 0; i <= 100'000; ++i) left.Observe(At(i), i * 1e-5);
  EXPECT_NEAR(ToSeconds(*left.Estimate()), 100'000, 200);
}

TEST(FormatDuration, ReadsLikeAClock) {
  EXPECT_EQ(FormatDuration(std::nullopt), "--");
  EXPECT_EQ(FormatDuration(FromSeconds(7.4)), "0:07");
  EXPECT_EQ(FormatDuration(FromSeconds(750)), "12:30");
  EXPECT_EQ(FormatDuration(FromSeconds(3723)), "1:02:03");
  EXPECT_EQ(FormatDuration(FromSeconds(-5)), "0:00");
}

}  // namespace
}  // namespace eoa::local
