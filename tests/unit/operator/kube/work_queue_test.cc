// The work queue with real threads: what waits and locks add to the rules of queue_state_test.cc.
#include "operator/kube/work_queue.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/random.h"
#include "tests/fakes/fake_clock.h"

namespace eoa::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLong = std::chrono::seconds(30);  // longer than any case may take
const ObjectKey kFoo{"ns", "foo"};
const ObjectKey kBar{"ns", "bar"};

TEST(WorkQueue, GetGivesUpAtItsDeadline) {
  WorkQueue queue(RealClock());
  const Result<ObjectKey> key = queue.Get(milliseconds(1));
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().code(), ErrorCode::kDeadlineExceeded);
}

TEST(WorkQueue, TheClockDecidesWhenADelayedKeyIsReady) {
  FakeClock clock;
  WorkQueue queue(clock);
  queue.AddAfter(kFoo, seconds(5));
  EXPECT_FALSE(queue.Get(Duration::zero()).ok());
  clock.Advance(seconds(5));
  EXPECT_TRUE(queue.Get(Duration::zero()).ok());
}

TEST(WorkQueue, AddWakesAWaitingGet) {
  WorkQueue queue(RealClock());
  std::thread worker([&] { EXPECT_TRUE(queue.Get(kLong).ok()); });
  queue.Add(kFoo);
  worker.join();
}

TEST(WorkQueue, AWaitingGetWakesAtTheSoonestDeadlineThoughItCameLater) {
  WorkQueue queue(RealClock());
  queue.AddAfter(kFoo, kLong);
  std::thread worker([&] {
    const Result<ObjectKey> key = queue.Get(kLong / 2);
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->name, "bar");
  });
  queue.AddAfter(kBar, milliseconds(5));
  worker.join();
}

TEST(WorkQueue, EveryWaitingWorkerGetsItsDelayedKey) {
  WorkQueue queue(RealClock());
  std::vector<std::thread> workers;
  workers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    // None of them gives its key back: the others must wake by themselves.
    workers.emplace_back([&] { EXPECT_TRUE(queue.Get(kLong).ok()); });
  }
  for (int i = 0; i < 3; ++i) queue.AddAfter({"ns", std::to_string(i)}, milliseconds(5 * (i + 1)));
  for (std::thread& worker : workers) worker.join();
}

TEST(WorkQueue, ShutDownWakesEveryGet) {
  WorkQueue queue(RealClock());
  std::vector<std::thread> workers;
  workers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&] {
      const Result<ObjectKey> key = queue.Get(kLong);
      ASSERT_FALSE(key.ok());
      EXPECT_EQ(key.error().code(), ErrorCode::kCancelled);
    });
  }
  queue.ShutDown();
  for (std::thread& worker : workers) worker.join();
}

TEST(WorkQueue, ShutDownWithDrainWaitsForTheWorkInHand) {
  WorkQueue queue(RealClock());
  queue.Add(kFoo);
  queue.Add(kBar);
  ASSERT_TRUE(queue.Get(kLong).ok());
  std::atomic<bool> done = false;
  std::thread worker([&] {
    const Result<ObjectKey> second = queue.Get(kLong);
    ASSERT_TRUE(second.ok()) << "what is queued is still handed out";
    queue.Done(*second);
    done = true;
    queue.Done(kFoo);
  });
  EXPECT_TRUE(queue.ShutDownAndDrain(kLong));
  EXPECT_TRUE(done);
  worker.join();
}

TEST(WorkQueue, ShutDownWithDrainGivesUpOnAWorkerThatHangs) {
  WorkQueue queue(RealClock());
  queue.Add(kFoo);
  ASSERT_TRUE(queue.Get(kLong).ok());
  EXPECT_FALSE(queue.ShutDownAndDrain(milliseconds(1)));
}

TEST(WorkQueue, NoKeyIsLostAndNoneIsWithTwoWorkersAtOnce) {
  constexpr int kKeys = 20;
  constexpr int kWorkers = 4;
  constexpr int kProducers = 3;
  constexpr int kAdds = 20000;
  WorkQueue queue(RealClock(), {.initial = std::chrono::microseconds(10), .limit = milliseconds(1)});
  std::array<std::atomic<int>, kKeys> wanted{};  // version that a producer asked for last
  std::array<std::atomic<int>, kKeys> seen{};    // version that a worker saw last
  std::array<std::atomic<bool>, kKeys> busy{};
  std::atomic<int> overlaps = 0;

  const auto work = [&](std::uint64_t number) {
    SeededRandom random(number, {HashName("worker"), 0});
    while (true) {
      const Result<ObjectKey> key = queue.Get(kLong);
      if (!key.ok()) return;
      const auto index = static_cast<std::size_t>(std::stoi(key->name));
      if (busy.at(index).exchange(true)) ++overlaps;
      seen.at(index) = wanted.at(index).load();
      busy.at(index) = false;
      if (random.NextBelow(10) == 0) {
        queue.AddRateLimited(*key);
      } else {
        queue.Forget(*key);
      }
      queue.Done(*key);
    }
  };
  const auto produce = [&](std::uint64_t number) {
    SeededRandom random(number, {HashName("producer"), 0});
    for (int i = 0; i < kAdds; ++i) {
      const auto index = static_cast<std::size_t>(random.NextBelow(kKeys));
      ++wanted.at(index);
      const ObjectKey key{"ns", std::to_string(index)};
      switch (random.NextBelow(3)) {
        case 0:
          queue.Add(key);
          break;
        case 1:
          queue.Add(key, Lane::kLow);
          break;
        default:
          queue.AddAfter(key, std::chrono::microseconds(random.NextBelow(500)));
      }
    }
  };
  std::vector<std::thread> workers;
  std::vector<std::thread> producers;
  for (std::uint64_t i = 0; i < kWorkers; ++i) workers.emplace_back(work, i);
  for (std::uint64_t i = 0; i < kProducers; ++i) producers.emplace_back(produce, i);
  for (std::thread& producer : producers) producer.join();

  const SteadyTime give_up = RealClock().SteadyNow() + kLong;
  const auto all_seen = [&] {
    for (std::size_t i = 0; i < kKeys; ++i) {
      if (seen.at(i) != wanted.at(i)) return false;
    }
    return true;
  };
  while (!all_seen() && RealClock().SteadyNow() < give_up) RealClock().SleepFor(milliseconds(1));
  EXPECT_TRUE(all_seen());
  EXPECT_TRUE(queue.ShutDownAndDrain(kLong));
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(overlaps, 0);
  EXPECT_EQ(queue.stats().processing, 0u);
}

}  // namespace
}  // namespace eoa::kube
