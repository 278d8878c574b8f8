// The rules of the work queue, case by case; the first ones bear the names of client-go's queue_test.go and
// delaying_queue_test.go. Time is a number here.
#include "operator/kube/queue_state.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace eoa::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const SteadyTime kStart{std::chrono::hours(1)};
const ObjectKey kFoo{"ns", "foo"};
const ObjectKey kBar{"ns", "bar"};
const ObjectKey kBaz{"ns", "baz"};

void Add(QueueState& queue, const ObjectKey& key, Lane lane = Lane::kNormal) { queue.Add(key, lane, kStart); }

std::string TakeName(QueueState& queue, SteadyTime now = kStart) {
  const std::optional<ObjectKey> key = queue.Take(now);
  const std::optional<SteadyTime> next = queue.NextDeadline();
  EXPECT_TRUE(!next || *next > now) << "the work queue would spin";
  return key ? key->name : "";
}

TEST(QueueState, BasicKeysComeOutInTheOrderTheyWentIn) {
  QueueState queue;
  Add(queue, kFoo);
  Add(queue, kBar);
  Add(queue, kBaz);
  EXPECT_EQ(TakeName(queue), "foo");
  EXPECT_EQ(TakeName(queue), "bar");
  EXPECT_EQ(TakeName(queue), "baz");
  EXPECT_EQ(TakeName(queue), "");
}

TEST(QueueState, AddingAKeyThatWaitsChangesNothing) {
  QueueState queue;
  for (int i = 0; i < 5; ++i) Add(queue, kFoo);
  EXPECT_EQ(queue.stats(kStart).depth_normal, 1u);
  EXPECT_EQ(queue.stats(kStart).adds, 1u);
  EXPECT_EQ(TakeName(queue), "foo");
  EXPECT_EQ(TakeName(queue), "");
}

TEST(QueueState, AddWhileProcessingQueuesTheKeyAgainOnceAndOnlyWhenDone) {
  QueueState queue;
  Add(queue, kFoo);
  ASSERT_EQ(TakeName(queue), "foo");
  Add(queue, kFoo);
  Add(queue, kFoo);
  EXPECT_EQ(TakeName(queue), "") << "no second worker may have it";
  queue.Done(kFoo, kStart);
  EXPECT_EQ(TakeName(queue), "foo");
  queue.Done(kFoo, kStart);
  EXPECT_EQ(TakeName(queue), "");
}

TEST(QueueState, ReInsertAfterDoneWorksAsTheFirstTime) {
  QueueState queue;
  Add(queue, kFoo);
  TakeName(queue);
  queue.Done(kFoo, kStart);
  Add(queue, kFoo);
  EXPECT_EQ(TakeName(queue), "foo");
}

TEST(QueueState, LenCountsWhatWaitsAndNotWhatIsProcessed) {
  QueueState queue;
  Add(queue, kFoo);
  Add(queue, kBar);
  EXPECT_EQ(queue.stats(kStart).depth_normal, 2u);
  TakeName(queue);
  EXPECT_EQ(queue.stats(kStart).depth_normal, 1u);
  EXPECT_EQ(queue.stats(kStart).processing, 1u);
  Add(queue, kFoo);
  EXPECT_EQ(queue.stats(kStart).depth_normal, 1u) << "wanted again, but not ready before it is done";
}

TEST(QueueState, DoneOfAKeyThatNobodyTookDoesNothing) {
  QueueState queue;
  Add(queue, kFoo);
  queue.Done(kFoo, kStart);
  queue.Done(kBar, kStart);
  EXPECT_EQ(queue.stats(kStart).depth_normal, 1u);
}

TEST(QueueState, SimpleQueueOfDelayedKeysBecomesReadyAtItsTime) {
  QueueState queue;
  queue.AddAfter(kFoo, milliseconds(50), Lane::kNormal, kStart);
  EXPECT_EQ(queue.NextDeadline(), kStart + milliseconds(50));
  EXPECT_EQ(TakeName(queue, kStart + milliseconds(49)), "");
  EXPECT_EQ(TakeName(queue, kStart + milliseconds(50)), "foo");
  EXPECT_EQ(queue.NextDeadline(), std::nullopt);
}

TEST(QueueState, DedupingOfDelaysKeepsTheSoonest) {
  QueueState queue;
  queue.AddAfter(kFoo, milliseconds(70), Lane::kNormal, kStart);
  queue.AddAfter(kFoo, milliseconds(30), Lane::kNormal, kStart);
  queue.AddAfter(kFoo, milliseconds(90), Lane::kNormal, kStart);
  EXPECT_EQ(queue.stats(kStart).delayed, 1u);
  EXPECT_EQ(TakeName(queue, kStart + milliseconds(30)), "foo");
  queue.Done(kFoo, kStart + milliseconds(31));
  EXPECT_EQ(TakeName(queue, kStart + minutes(1)), "") << "one delay, one turn";
}

TEST(QueueState, AddTwoFireEarlyTakesTheSoonerKeyFirst) {
  QueueState queue;
  queue.AddAfter(kFoo, seconds(1), Lane::kNormal, kStart);
  queue.AddAfter(kBar, milliseconds(50), Lane::kNormal, kStart);
  EXPECT_EQ(TakeName(queue, kStart + milliseconds(60)), "bar");
  EXPECT_EQ(TakeName(queue, kStart + seconds(2)), "foo");
}

TEST(QueueState, ADelayOfZeroOrLessIsNone) {
  QueueState queue;
  queue.AddAfter(kFoo, Duration::zero(), Lane::kNormal, kStart);
  queue.AddAfter(kBar, -seconds(1), Lane::kNormal, kStart);
  EXPECT_EQ(TakeName(queue), "foo");
  EXPECT_EQ(TakeName(queue), "bar");
}

TEST(QueueState, AKeyThatIsDelayedMayStillBeAddedAtOnce) {
  QueueState queue;
  queue.AddAfter(kFoo, seconds(10), Lane::kNormal, kStart);
  Add(queue, kFoo);
  EXPECT_EQ(TakeName(queue), "foo");
  queue.Done(kFoo, kStart);
  EXPECT_EQ(TakeName(queue, kStart + seconds(10)), "foo") << "the deadline it was delayed for still counts";
}

TEST(QueueState, RateLimitedKeysBackOffUntilTheyAreForgotten) {
  QueueState queue;
  EXPECT_EQ(queue.AddRateLimited(kFoo, kStart), milliseconds(5));
  EXPECT_EQ(TakeName(queue, kStart + milliseconds(5)), "foo");
  queue.Done(kFoo, kStart + milliseconds(5));
  EXPECT_EQ(queue.AddRateLimited(kFoo, kStart), milliseconds(10));
  EXPECT_EQ(queue.failures(kFoo), 2);
  queue.Forget(kFoo);
  EXPECT_EQ(queue.failures(kFoo), 0);
  EXPECT_EQ(queue.AddRateLimited(kFoo, kStart), milliseconds(5));
}

TEST(QueueState, AKeyThatAlwaysFailsIsNeverDropped) {
  QueueState queue;
  SteadyTime now = kStart;
  Add(queue, kFoo);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(TakeName(queue, now), "foo") << "after " << i << " failures";
    const Duration delay = queue.AddRateLimited(kFoo, now);
    ASSERT_LE(delay, minutes(5));
    queue.Done(kFoo, now);
    now += delay;
  }
}

TEST(QueueState, LiveChangesOvertakeTheFirstListAndResyncs) {
  QueueState queue;
  Add(queue, kFoo, Lane::kLow);
  Add(queue, kBar, Lane::kLow);
  Add(queue, kBaz);
  EXPECT_EQ(queue.stats(kStart).depth_low, 2u);
  EXPECT_EQ(TakeName(queue), "baz");
  EXPECT_EQ(TakeName(queue), "foo");
  EXPECT_EQ(TakeName(queue), "bar");
}

TEST(QueueState, ALowKeyThatChangesLiveMovesUpAndComesOutOnce) {
  QueueState queue;
  Add(queue, kFoo, Lane::kLow);
  Add(queue, kBar, Lane::kLow);
  Add(queue, kBar);
  EXPECT_EQ(queue.stats(kStart).depth_low, 1u);
  EXPECT_EQ(queue.stats(kStart).depth_normal, 1u);
  EXPECT_EQ(TakeName(queue), "bar");
  EXPECT_EQ(TakeName(queue), "foo");
  EXPECT_EQ(TakeName(queue), "");
}

TEST(QueueState, ANormalKeyIsNotMovedDownByAResync) {
  QueueState queue;
  Add(queue, kFoo);
  Add(queue, kFoo, Lane::kLow);
  EXPECT_EQ(queue.stats(kStart).depth_normal, 1u);
  EXPECT_EQ(queue.stats(kStart).depth_low, 0u);
}

TEST(QueueState, AKeyAddedToBothLanesWhileProcessedComesBackInTheHigher) {
  QueueState queue;
  Add(queue, kFoo);
  TakeName(queue);
  Add(queue, kFoo, Lane::kLow);
  Add(queue, kFoo);
  queue.Done(kFoo, kStart);
  EXPECT_EQ(queue.stats(kStart).depth_normal, 1u);
}

TEST(QueueState, LowKeysGetATurnThoughLiveOnesNeverEnd) {
  QueueState queue;
  Add(queue, kFoo, Lane::kLow);
  int turns = 0;
  while (true) {
    ASSERT_LT(turns, QueueState::kLowLaneShare);
    Add(queue, {"ns", "live-" + std::to_string(turns)});
    Add(queue, {"ns", "more-" + std::to_string(turns)});
    ++turns;
    if (TakeName(queue) == "foo") break;
  }
  EXPECT_EQ(turns, QueueState::kLowLaneShare);
}

TEST(QueueState, MovingUpAgainAndAgainLeavesNothingBehind) {
  QueueState queue;
  for (int i = 0; i < 1000; ++i) {
    Add(queue, kFoo, Lane::kLow);
    Add(queue, kFoo);
    ASSERT_EQ(TakeName(queue), "foo");
    queue.Done(kFoo, kStart);
    ASSERT_TRUE(queue.idle());
  }
}

TEST(QueueState, CloseHandsOutWhatIsQueuedAndTakesNothingMore) {
  QueueState queue;
  Add(queue, kFoo);
  queue.AddAfter(kBar, seconds(1), Lane::kNormal, kStart);
  queue.Close();
  Add(queue, kBaz);
  queue.AddRateLimited(kBaz, kStart);
  EXPECT_EQ(TakeName(queue), "foo");
  EXPECT_FALSE(queue.idle());
  queue.Done(kFoo, kStart);
  EXPECT_TRUE(queue.idle());
  EXPECT_EQ(TakeName(queue, kStart + minutes(10)), "");
}

TEST(QueueState, AKeyThatChangedWhileProcessedIsHandedOutAfterClose) {
  QueueState queue;
  Add(queue, kFoo);
  TakeName(queue);
  Add(queue, kFoo);
  queue.Close();
  queue.Done(kFoo, kStart);
  EXPECT_EQ(TakeName(queue), "foo");
}

TEST(QueueState, StatsTellWaitsWorkAndWhatIsStuck) {
  QueueState queue;
  queue.Add(kFoo, Lane::kNormal, kStart);
  queue.Add(kBar, Lane::kNormal, kStart);
  queue.Take(kStart + milliseconds(20));
  queue.Take(kStart + milliseconds(30));
  queue.Done(kBar, kStart + seconds(1));
  const WorkQueueStats stats = queue.stats(kStart + seconds(5));
  EXPECT_EQ(stats.adds, 2u);
  EXPECT_EQ(stats.queue_seconds.count(), 2u);
  EXPECT_DOUBLE_EQ(stats.queue_seconds.sum(), 0.05);
  EXPECT_EQ(stats.queue_seconds.counts()[7], 2u) << "above 10 ms, at most 100 ms";
  EXPECT_EQ(stats.work_seconds.count(), 1u);
  EXPECT_DOUBLE_EQ(stats.work_seconds.sum(), 0.97);
  EXPECT_EQ(stats.unfinished_work, milliseconds(4980));
  EXPECT_EQ(stats.longest_running, milliseconds(4980));
  EXPECT_EQ(stats.retries, 0u);
}

TEST(QueueState, TheWaitOfADelayedKeyBeginsWhenItIsDue) {
  QueueState queue;
  queue.AddAfter(kFoo, seconds(60), Lane::kNormal, kStart);
  queue.Take(kStart + seconds(61));
  EXPECT_DOUBLE_EQ(queue.stats(kStart).queue_seconds.sum(), 1);
  EXPECT_EQ(queue.stats(kStart).retries, 1u);
}

}  // namespace
}  // namespace eoa::kube
