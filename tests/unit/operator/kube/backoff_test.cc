#include "operator/kube/backoff.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace eoa::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const SteadyTime kStart{std::chrono::hours(1)};

TEST(Backoff, DoublesFromItsInitialDelayToItsLimit) {
  Backoff backoff({});
  RecordedRandom random(std::vector<double>(8, 0.0));
  std::vector<Duration> delays;
  for (int i = 0; i < 8; ++i) delays.push_back(backoff.Next(kStart + seconds(i), random));
  EXPECT_EQ(delays,
            (std::vector<Duration>{milliseconds(800), milliseconds(1600), milliseconds(3200), milliseconds(6400),
                                   milliseconds(12800), milliseconds(25600), seconds(30), seconds(30)}));
}

TEST(Backoff, AddsUpToTheSameAgainByChance) {
  Backoff backoff({});
  RecordedRandom random({0.5, 0.25});
  EXPECT_EQ(backoff.Next(kStart, random), milliseconds(1200));
  EXPECT_EQ(backoff.Next(kStart, random), milliseconds(2000));
}

TEST(Backoff, AsksADeadServerNoMoreThanOnceIn30Seconds) {
  Backoff backoff({});
  SeededRandom random(7, {});
  SteadyTime now = kStart;
  for (int i = 0; i < 7; ++i) now += backoff.Next(now, random);
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = backoff.Next(now, random);
    EXPECT_GE(delay, seconds(30));
    EXPECT_LT(delay, seconds(60));
    now += delay;
  }
}

TEST(Backoff, BeginsAgainAfterTwoMinutesWithoutAFailure) {
  Backoff backoff({});
  RecordedRandom random(std::vector<double>(4, 0.0));
  backoff.Next(kStart, random);
  EXPECT_EQ(backoff.Next(kStart + minutes(2) - seconds(1), random), milliseconds(1600));
  EXPECT_EQ(backoff.Next(kStart + minutes(4), random), milliseconds(800));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(kStart + minutes(4), random), milliseconds(800));
}

TEST(KeyBackoff, GrowsForEachKeyByItselfFrom5MillisecondsTo5Minutes) {
  KeyBackoff backoff({});
  const ObjectKey bad{"ns", "bad"};
  EXPECT_EQ(backoff.Next(bad), milliseconds(5));
  EXPECT_EQ(backoff.Next(bad), milliseconds(10));
  EXPECT_EQ(backoff.Next(bad), milliseconds(20));
  EXPECT_EQ(backoff.Next({"ns", "other"}), milliseconds(5));
  for (int i = 0; i < 13; ++i) EXPECT_LT(backoff.Next(bad), minutes(5)) << i;
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(backoff.Next(bad), minutes(5)) << i;
}

TEST(KeyBackoff, ForgetsAKeyAndItsMemory) {
  KeyBackoff backoff({});
  const ObjectKey key{"ns", "job"};
  backoff.Next(key);
  backoff.Next(key);
  EXPECT_EQ(backoff.failures(key), 2);
  backoff.Forget(key);
  EXPECT_EQ(backoff.failures(key), 0);
  EXPECT_EQ(backoff.size(), 0u);
  EXPECT_EQ(backoff.Next(key), milliseconds(5));
}

}  // namespace
}  // namespace eoa::kube
