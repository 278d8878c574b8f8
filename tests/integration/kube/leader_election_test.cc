// Leader election of several processes (here: elections, each with its own client) on one Lease, and what faults of the
// API server make of it.
#include "operator/kube/leader_election.h"
#include "common/base/mutex.h"

#include <atomic>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/cpprest/cpprest_client.h"
#include "tests/fakes/scripted_api_server.h"

namespace eoa::kube {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using namespace std::chrono_literals;
using Kind = ApiFault::Kind;

constexpr Duration kPatience = 20s;

bool Eventually(const std::function<bool()>& holds, Duration patience = kPatience) {
  for (const SteadyTime end = RealClock().SteadyNow() + patience; RealClock().SteadyNow() < end;) {
    if (holds()) return true;
    RealClock().SleepFor(5ms);
  }
  return holds();
}

class Candidate {
 public:
  Candidate(ScriptedApiServer& server, const std::string& identity)
      : client_({.server = server.url()}, *http_, RealClock()),
        election_(OptionsOf(identity), client_, RealClock(),
                  std::make_unique<SeededRandom>(HashName(identity), StreamId{}),
                  {.on_started = [this] { ++started; },
                   .on_lost =
                       [this](const std::string& why) {
                         lost_at = RealClock().SteadyNow();
                         const MutexLock lock(mutex_);
                         reason_ = why;
                         ++lost;
                       }}) {
    election_.Start();
  }

  // Small, so that tests end soon; whole seconds because a Lease holds whole seconds.
  static LeaderElectionOptions OptionsOf(const std::string& identity) {
    return {.lease = {"ns", "eoa-operator"},
            .identity = identity,
            .lease_duration = 3s,
            .renew_deadline = 2s,
            .retry_period = 100ms};
  }

  LeaderElection& election() { return election_; }
  std::string reason() {
    const MutexLock lock(mutex_);
    return reason_;
  }

  std::atomic<int> started{0};
  std::atomic<int> lost{0};
  std::atomic<SteadyTime> lost_at{SteadyTime{}};

 private:
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient();
  ApiClient client_;
  Mutex mutex_;
  std::string reason_ GUARDED_BY(mutex_);
  LeaderElection election_;
};

class LeaderElectionTest : public testing::Test {
 protected:
  ScriptedApiServer server_;
};

TEST_F(LeaderElectionTest, LetsOneOfThreeLeadAndTheNextOneAsSoonAsItIsReleased) {
  Candidate a(server_, "a");
  ASSERT_TRUE(Eventually([&] { return a.election().leads(); }));
  Candidate b(server_, "b");
  ASSERT_TRUE(Eventually([&] { return b.election().stats().holder == "a"; }));
  EXPECT_FALSE(b.election().leads());
  const SteadyTime begin = RealClock().SteadyNow();
  a.election().Stop(true);
  ASSERT_TRUE(Eventually([&] { return b.election().leads(); }));
  EXPECT_LT(RealClock().SteadyNow() - begin, 2s);  // a silent holder costs three
  EXPECT_EQ(b.election().stats().transitions, 1);
  EXPECT_EQ(a.lost, 0);
}

TEST_F(LeaderElectionTest, TakesOverFromAHolderThatFellSilent) {
  auto a = std::make_unique<Candidate>(server_, "a");
  ASSERT_TRUE(Eventually([&] { return a->election().leads(); }));
  Candidate b(server_, "b");
  ASSERT_TRUE(Eventually([&] { return b.election().stats().holder == "a"; }));
  const SteadyTime begin = RealClock().SteadyNow();
  a->election().Stop(false);
  ASSERT_TRUE(Eventually([&] { return b.election().leads(); }));
  EXPECT_GE(RealClock().SteadyNow() - begin, 2500ms);
}

TEST_F(LeaderElectionTest, LosesTheLeaseWithinItsDeadlineWhenTheServerHangsAndBeforeAnotherMayTakeIt) {
  Candidate a(server_, "a");
  ASSERT_TRUE(Eventually([&] { return a.election().leads(); }));
  const SteadyTime begin = RealClock().SteadyNow();
  server_.Inject({.kind = Kind::kSilent, .target = "leases", .times = -1});
  ASSERT_TRUE(Eventually([&] { return a.lost > 0; }));
  EXPECT_LE(a.lost_at.load() - begin, 2500ms);
  EXPECT_FALSE(a.election().leads());
  EXPECT_THAT(a.reason(), HasSubstr("in time"));
}

TEST_F(LeaderElectionTest, LeadsOnThroughFaultsThatPassInTime) {
  Candidate a(server_, "a");
  ASSERT_TRUE(Eventually([&] { return a.election().leads(); }));
  server_.Inject({.method = "PUT", .target = "leases", .times = 3, .status = 500});
  server_.Inject({.kind = Kind::kDelay, .method = "PUT", .target = "leases", .times = 2, .delay = 700ms});
  server_.Inject({.kind = Kind::kReset, .method = "PUT", .target = "leases", .times = 2});
  server_.Inject({.method = "PUT", .target = "leases", .times = 5, .status = 409, .reason = "Conflict"});
  const std::size_t before = server_.CountRequests("PUT", "leases");
  ASSERT_TRUE(Eventually([&] { return server_.CountRequests("PUT", "leases") >= before + 30; }));
  EXPECT_TRUE(a.election().leads());
  EXPECT_EQ(a.lost, 0);
  EXPECT_GE(a.election().stats().slow_paths, 3U);
}

TEST_F(LeaderElectionTest, GoesAtOnceWhenSomebodyElseHoldsTheLease) {
  Candidate a(server_, "a");
  ASSERT_TRUE(Eventually([&] { return a.election().leads(); }));
  const ApiPath path{"coordination.k8s.io/v1", "ns", "leases", "eoa-operator", ""};
  server_.objects().MergePatch(path, {{"spec", {{"holderIdentity", "usurper"}, {"leaseDurationSeconds", 60}}}});
  ASSERT_TRUE(Eventually([&] { return a.lost > 0; }, 1500ms));
  EXPECT_THAT(a.reason(), HasSubstr("usurper"));
}

TEST_F(LeaderElectionTest, LetsNeverTwoLeadWhileTheServerFails) {
  std::vector<std::unique_ptr<Candidate>> candidates;
  for (const char* identity : {"a", "b", "c"}) candidates.push_back(std::make_unique<Candidate>(server_, identity));
  SeededRandom random(20261123, {HashName("leader-election-test"), 0});
  int most = 0;
  const SteadyTime end = RealClock().SteadyNow() + 12s;
  SteadyTime next = RealClock().SteadyNow();
  while (RealClock().SteadyNow() < end) {
    if (RealClock().SteadyNow() >= next) {
      next += 400ms;
      server_.Heal();
      const std::uint64_t kind = random.NextBelow(5);
      if (kind == 0) server_.Inject({.kind = Kind::kDelay, .target = "leases", .times = 4, .delay = 900ms});
      if (kind == 1) server_.Inject({.kind = Kind::kReset, .target = "leases", .times = 4});
      if (kind == 2) server_.Inject({.target = "leases", .times = 6, .status = 503});
      if (kind == 3) server_.ResetConnections();
    }
    int leading = 0;
    const SteadyTime asked = RealClock().SteadyNow();
    for (const auto& candidate : candidates) leading += candidate->election().leads() ? 1 : 0;
    // One that was asked long before another may have ceased meanwhile.
    if (RealClock().SteadyNow() - asked < 500ms) most = std::max(most, leading);
    // What a program does: it ends and starts again.
    for (auto& candidate : candidates) {
      if (candidate->lost > 0)
        candidate = std::make_unique<Candidate>(server_, "again" + std::to_string(random.NextBelow(1'000'000)));
    }
    RealClock().SleepFor(1ms);
  }
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace eoa::kube
