#include "operator/cluster/health.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace eoa::cluster {
namespace {

using std::chrono::minutes;

CacheStats Pods(std::uint64_t watches) {
  CacheStats stats{"pods", "", {}, {}};
  stats.reflector.counts.watches = watches;
  return stats;
}

TEST(HealthTest, AReflectorThatGoesOnTryingIsWellHoweverLongTheApiServerIsAway) {
  FakeClock clock;
  Health health;
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(health.Fault({Pods(i)}, {}, clock.SteadyNow()), std::nullopt);
    clock.Advance(minutes(10));
  }
}

TEST(HealthTest, AReflectorThatDoesNothingIsNamed) {
  FakeClock clock;
  Health health;
  EXPECT_EQ(health.Fault({Pods(1)}, {}, clock.SteadyNow()), std::nullopt);
  clock.Advance(minutes(16));
  const std::optional<std::string> fault = health.Fault({Pods(1)}, {}, clock.SteadyNow());
  ASSERT_TRUE(fault);
  EXPECT_NE(fault->find("pods"), std::string::npos) << *fault;
}

TEST(HealthTest, AWorkerThatNeverComesBackIsAFault) {
  FakeClock clock;
  Health health;
  kube::WorkQueueStats queue;
  queue.longest_running = minutes(6);
  EXPECT_TRUE(health.Fault({}, queue, clock.SteadyNow()));
}

}  // namespace
}  // namespace eoa::cluster
