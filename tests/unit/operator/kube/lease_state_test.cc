// The rules of leader election without a server: who may write itself into the Lease, and what it then writes.
#include <gtest/gtest.h>

#include "operator/kube/leader_election.h"
#include "tests/fakes/fake_clock.h"

namespace eoa::kube {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

LeaderElectionOptions OptionsOf(const std::string& identity) {
  return {.lease = {"ns", "eoa-operator"}, .identity = identity};
}

class LeaseStateTest : public testing::Test {
 protected:
  json Held(const std::string& holder, int renewal) {
    return {{"metadata", {{"name", "eoa-operator"}, {"namespace", "ns"}, {"resourceVersion", std::to_string(renewal)}}},
            {"spec",
             {{"holderIdentity", holder},
              {"leaseDurationSeconds", 15},
              {"acquireTime", "2026-01-01T00:00:00.000000Z"},
              {"renewTime", "2026-01-01T00:00:0" + std::to_string(renewal) + ".000000Z"},
              {"leaseTransitions", 4}}}};
  }
  void Observe(std::optional<json> lease) { state_.Observe(std::move(lease), clock_.SteadyNow()); }
  bool May() { return state_.MayAcquire(clock_.SteadyNow()); }

  FakeClock clock_;
  LeaseState state_{OptionsOf("me")};
};

TEST_F(LeaseStateTest, CreatesTheLeaseThatIsNotThere) {
  Observe(std::nullopt);
  ASSERT_TRUE(May());
  const json lease = state_.Claim(clock_.Now());
  EXPECT_EQ(lease["metadata"]["name"], "eoa-operator");
  EXPECT_EQ(lease["spec"]["holderIdentity"], "me");
  EXPECT_EQ(lease["spec"]["leaseTransitions"], 0);
  EXPECT_FALSE(lease["metadata"].contains("resourceVersion"));
}

TEST_F(LeaseStateTest, LeavesALivingHolderAlone) {
  for (int renewal = 1; renewal < 9; ++renewal) {
    Observe(Held("other", renewal));
    clock_.Advance(14s);
    EXPECT_FALSE(May());
  }
}

TEST_F(LeaseStateTest, TakesOverWhenTheRecordHasNotChangedForItsDurationByTheOwnClock) {
  Observe(Held("other", 1));
  clock_.Advance(14s);
  Observe(Held("other", 1));  // seeing it again is no sign of life
  clock_.Advance(999ms);
  EXPECT_FALSE(May());
  clock_.Advance(1ms);
  ASSERT_TRUE(May());
  const json lease = state_.Claim(clock_.Now());
  EXPECT_EQ(lease["spec"]["leaseTransitions"], 5);
  EXPECT_EQ(lease["metadata"]["resourceVersion"], "1");  // so that only one of two who take over succeeds
  EXPECT_NE(lease["spec"]["acquireTime"], "2026-01-01T00:00:00.000000Z");
}

TEST_F(LeaseStateTest, NeverComparesItsClockWithTheHolders) {
  json ancient = Held("other", 1);
  ancient["spec"]["renewTime"] = "1999-01-01T00:00:00.000000Z";
  Observe(ancient);
  EXPECT_FALSE(May());
}

TEST_F(LeaseStateTest, TakesAReleasedLeaseAtOnce) {
  json released = Held("other", 1);
  released["spec"].erase("holderIdentity");
  Observe(released);
  EXPECT_TRUE(May());
  EXPECT_EQ(state_.Claim(clock_.Now())["spec"]["leaseTransitions"], 5);
}

TEST_F(LeaseStateTest, KeepsWhenItAcquiredAndHowOftenItChangedHandsWhileItRenews) {
  Observe(Held("me", 1));
  const json lease = state_.Claim(clock_.Now());
  EXPECT_EQ(lease["spec"]["acquireTime"], "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(lease["spec"]["leaseTransitions"], 4);
  EXPECT_EQ(state_.transitions(), 4);
}

TEST_F(LeaseStateTest, ReleasesWithoutAHolder) {
  Observe(Held("me", 1));
  EXPECT_FALSE(state_.Release(clock_.Now())["spec"].contains("holderIdentity"));
}

TEST_F(LeaseStateTest, SurvivesALeaseOfNonsense) {
  for (const json& nonsense : {json{{"spec", 3}}, json{{"spec", {{"holderIdentity", 7}}}}, json::object()}) {
    Observe(nonsense);
    EXPECT_TRUE(May());
    EXPECT_EQ(state_.Claim(clock_.Now())["spec"]["holderIdentity"], "me");
  }
}

TEST(LeaderElectionOptionsTest, RefusesTimesThatLeaveNoRoom) {
  EXPECT_TRUE(CheckLeaderElection(OptionsOf("me")).ok());
  LeaderElectionOptions options = OptionsOf("me");
  options.renew_deadline = options.lease_duration;
  EXPECT_FALSE(CheckLeaderElection(options).ok());
  options = OptionsOf("me");
  options.retry_period = 9s;
  EXPECT_FALSE(CheckLeaderElection(options).ok());
  EXPECT_FALSE(CheckLeaderElection(OptionsOf("")).ok());
}

}  // namespace
}  // namespace eoa::kube
