#include "operator/cluster/workers.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "common/base/mutex.h"

namespace eoa::cluster {
namespace {

using kube::ObjectKey;
using std::chrono::seconds;

const ObjectKey kJob{"ns", "job"};

// Lets a test wait for calls.
class Calls {
 public:
  int Add() {
    const MutexLock lock(mutex_);
    changed_.NotifyAll();
    return ++count_;
  }
  bool WaitFor(int count) {
    MutexLock lock(mutex_);
    return changed_.WaitFor(mutex_, seconds(20), [&]() REQUIRES(mutex_) { return count_ >= count; });
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ = 0;
};

TEST(WorkersTest, AKeyThatFailsComesBackUntilItSucceeds) {
  kube::WorkQueue queue(RealClock());
  Calls calls;
  Workers workers(queue, RealClock(), [&](const ObjectKey&) -> ReconcileResult {
    if (calls.Add() < 4) return {UnavailableError("away"), std::nullopt, false};
    return {};
  });
  workers.Start(1);
  queue.Add(kJob);
  ASSERT_TRUE(calls.WaitFor(4));
  ASSERT_TRUE(workers.Drain(seconds(20)));
  EXPECT_EQ(workers.stats().error, 3U);
  EXPECT_EQ(workers.stats().success, 1U);
  EXPECT_EQ(queue.failures(kJob), 0);
}

TEST(WorkersTest, AnExceptionInOneJobIsAnErrorOfThatJobAlone) {
  kube::WorkQueue queue(RealClock());
  Calls good;
  Workers workers(queue, RealClock(), [&](const ObjectKey& key) -> ReconcileResult {
    if (key == kJob) throw std::runtime_error("a bug");
    good.Add();
    return {};
  });
  workers.Start(1);
  queue.Add(kJob);
  queue.Add({"ns", "other"});
  ASSERT_TRUE(good.WaitFor(1));
  ASSERT_TRUE(workers.Drain(seconds(20)));
  EXPECT_GE(workers.stats().panics, 1U);
}

TEST(WorkersTest, AConflictIsNoErrorAndIsTriedAgain) {
  kube::WorkQueue queue(RealClock());
  Calls calls;
  Workers workers(queue, RealClock(), [&](const ObjectKey&) -> ReconcileResult {
    if (calls.Add() == 1) return {AbortedError("changed"), std::nullopt, false};
    return {OkStatus(), std::chrono::hours(1), false};
  });
  workers.Start(1);
  queue.Add(kJob);
  ASSERT_TRUE(calls.WaitFor(2));
  ASSERT_TRUE(workers.Drain(seconds(20)));
  EXPECT_EQ(workers.stats().requeue, 1U);
  EXPECT_EQ(workers.stats().requeue_after, 1U);
  EXPECT_EQ(workers.stats().error, 0U);
}

TEST(WorkersTest, DrainingGivesUpOnAWorkerThatHangs) {
  kube::WorkQueue queue(RealClock());
  Calls begun;
  Mutex gate;
  gate.Lock();
  {
    Workers workers(queue, RealClock(), [&](const ObjectKey&) -> ReconcileResult {
      begun.Add();
      const MutexLock wait(gate);
      return {};
    });
    workers.Start(1);
    queue.Add(kJob);
    EXPECT_TRUE(begun.WaitFor(1));
    EXPECT_FALSE(workers.Drain(std::chrono::milliseconds(20)));
    gate.Unlock();
  }
}

}  // namespace
}  // namespace eoa::cluster
