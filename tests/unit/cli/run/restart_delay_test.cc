#include "cli/run/restart_delay.h"

#include <gtest/gtest.h>

namespace eoa::local {
namespace {

TEST(RestartDelay, GrowsUpToTenSeconds) {
  EXPECT_EQ(RestartDelay(1), Duration::zero());
  EXPECT_EQ(RestartDelay(2), std::chrono::milliseconds(500));
  EXPECT_EQ(RestartDelay(3), std::chrono::seconds(1));
  EXPECT_EQ(RestartDelay(100), std::chrono::seconds(10));
}

TEST(RestartDelay, AnAgentThatDiesAtOnceOverAndOverCostsLittle) {
  int starts = 1;
  Duration passed{};
  for (int deaths = 1; passed < std::chrono::minutes(1); ++deaths) {
    passed += RestartDelay(deaths);
    ++starts;
    ASSERT_GE(RestartDelay(deaths + 1), RestartDelay(deaths));
  }
  EXPECT_LT(starts, 15);
}

}  // namespace
}  // namespace eoa::local
