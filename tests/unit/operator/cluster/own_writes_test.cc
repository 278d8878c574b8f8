#include "operator/cluster/own_writes.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/fakes/fake_clock.h"

namespace eoa::cluster {
namespace {

using kube::ObjectKey;
using std::chrono::seconds;

const ObjectKey kJob{"ns", "job"};
const ObjectKey kSet{"ns", "job-wolves"};

class OwnWritesTest : public testing::Test {
 protected:
  // To wait for no time at all would be to reconcile over and over.
  std::optional<Duration> Lag() {
    const std::optional<Duration> lag = LagNow();
    EXPECT_TRUE(!lag || *lag > Duration::zero());
    return lag;
  }

  // Whatever the cache shows, to wait once is enough.
  void TearDown() override {
    const std::optional<Duration> lag = Lag();
    if (!lag) return;
    clock_.Advance(*lag);
    EXPECT_EQ(Lag(), std::nullopt);
  }

  std::optional<Duration> LagNow() {
    return writes_.Lag(
        kJob,
        [this](std::string_view kind, const ObjectKey& key) -> std::optional<CachedVersion> {
          const auto found = cache_.find(std::string(kind) + "/" + key.name);
          if (found == cache_.end()) return std::nullopt;
          return found->second;
        },
        clock_.SteadyNow());
  }

  FakeClock clock_;
  OwnWrites writes_{seconds(5)};
  std::map<std::string, CachedVersion> cache_;
};

TEST_F(OwnWritesTest, NothingWrittenMeansNoWaiting) { EXPECT_EQ(Lag(), std::nullopt); }

TEST_F(OwnWritesTest, AReconcileWaitsUntilTheCacheShowsWhatWasWritten) {
  writes_.Wrote(kJob, "StatefulSet", kSet, "100", clock_.SteadyNow());
  EXPECT_EQ(Lag(), seconds(5)) << "not in the cache at all";
  cache_["StatefulSet/job-wolves"] = {"u", "99"};
  clock_.Advance(seconds(1));
  EXPECT_EQ(Lag(), seconds(4)) << "an older version";
  cache_["StatefulSet/job-wolves"].resource_version = "101";
  EXPECT_EQ(Lag(), std::nullopt) << "somebody else's write came after ours";
  EXPECT_EQ(writes_.waiting(), 0U);
  EXPECT_EQ(writes_.expired(), 0U);
}

TEST_F(OwnWritesTest, ADeletedObjectMustBeGoneOrAnotherOne) {
  cache_["Pod/job-wolves-0"] = {"old", "7"};
  writes_.Deleted(kJob, "Pod", {"ns", "job-wolves-0"}, "old", clock_.SteadyNow());
  EXPECT_EQ(Lag(), seconds(5));
  cache_["Pod/job-wolves-0"] = {"new", "8"};
  EXPECT_EQ(Lag(), std::nullopt);
}

TEST_F(OwnWritesTest, ACacheThatNeverCatchesUpStopsNoJobForGood) {
  writes_.Wrote(kJob, "StatefulSet", kSet, "100", clock_.SteadyNow());
  clock_.Advance(seconds(5));
  EXPECT_EQ(Lag(), std::nullopt);
  EXPECT_EQ(writes_.expired(), 1U);
}

TEST_F(OwnWritesTest, JobsDoNotWaitForEachOther) {
  writes_.Wrote({"ns", "other"}, "StatefulSet", {"ns", "other-wolves"}, "100", clock_.SteadyNow());
  EXPECT_EQ(Lag(), std::nullopt);
  EXPECT_EQ(writes_.waiting(), 1U);
  writes_.Forget({"ns", "other"});
  EXPECT_EQ(writes_.waiting(), 0U);
}

TEST(HasReachedTest, VersionsCompareAsTheNumbersTheyAre) {
  EXPECT_TRUE(HasReached("10", "9"));
  EXPECT_FALSE(HasReached("9", "10"));
  EXPECT_TRUE(HasReached("123456789012345678901", "123456789012345678900")) << "more than 64 bits";
  EXPECT_TRUE(HasReached("opaque", "opaque"));
  EXPECT_FALSE(HasReached("opaque-2", "opaque-1"));
}

}  // namespace
}  // namespace eoa::cluster
