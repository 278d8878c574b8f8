#include "common/base/mutex.h"

#include <thread>

#include <gtest/gtest.h>

namespace eoa {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

bool OtherThreadCanLock(Mutex& mutex) {
  bool could = false;
  std::thread([&] {
    if (!mutex.TryLock()) return;
    could = true;
    mutex.Unlock();
  }).join();
  return could;
}

TEST(MutexTest, IsHeldFromTheLockToTheEndOfItsBlock) {
  Mutex mutex;
  {
    const MutexLock lock(mutex);
    EXPECT_FALSE(OtherThreadCanLock(mutex));
  }
  EXPECT_TRUE(OtherThreadCanLock(mutex));
}

TEST(MutexTest, CanBeLetGoBeforeTheEndAndTakenAgain) {
  Mutex mutex;
  {
    MutexLock lock(mutex);
    lock.Unlock();
    EXPECT_TRUE(OtherThreadCanLock(mutex));
    lock.Lock();
    EXPECT_FALSE(OtherThreadCanLock(mutex));
    lock.Unlock();
  }
  EXPECT_TRUE(OtherThreadCanLock(mutex));
}

TEST(CondVarTest, AWaitLetsOthersInAndHoldsTheMutexAgainAfterwards) {
  Mutex mutex;
  CondVar changed;
  int turn = 0;
  std::thread other([&] {
    const MutexLock lock(mutex);
    turn = 1;
    changed.NotifyAll();
    changed.Wait(mutex, [&] { return turn == 2; });
    turn = 3;
    changed.NotifyOne();
  });
  {
    const MutexLock lock(mutex);
    changed.Wait(mutex, [&] { return turn == 1; });
    turn = 2;
    changed.NotifyAll();
    EXPECT_TRUE(changed.WaitFor(mutex, hours(1), [&] { return turn == 3; }));
    EXPECT_FALSE(OtherThreadCanLock(mutex));
  }
  other.join();
}

TEST(CondVarTest, ATimedWaitSaysWhetherItsConditionHolds) {
  Mutex mutex;
  CondVar changed;
  const MutexLock lock(mutex);
  const SteadyTime past = RealClock().SteadyNow() - hours(1);
  EXPECT_FALSE(changed.WaitUntil(mutex, past, [] { return false; }));
  EXPECT_TRUE(changed.WaitUntil(mutex, past, [] { return true; }));
  EXPECT_FALSE(changed.WaitFor(mutex, milliseconds(1), [] { return false; }));
  changed.WaitFor(mutex, milliseconds(1));
  EXPECT_FALSE(OtherThreadCanLock(mutex));
}

}  // namespace
}  // namespace eoa
