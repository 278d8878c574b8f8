#include "broker/core/rounds.h"

#include <limits>

#include <gmock/gmock.h>

#include "broker/core/view.h"
#include "common/base/json_guard.h"
#include "tests/unit/broker/core/broker_fixture.h"

namespace eoa::broker {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using Names = std::vector<std::string>;

Core Running(const api::JobSpec& spec) {
  Core core(spec);
  core.JoinAll(kWolves);
  core.JoinAll(kWhales);
  return core;
}

api::JobSpec WithQuorum(int quorum) {
  api::JobSpec spec = TwoPopulations();
  spec.ecosphere.exchange.quorum = quorum;
  return spec;
}

api::JobSpec Async() {
  api::JobSpec spec = TwoPopulations();
  spec.ecosphere.exchange.mode = api::ExchangeMode::kAsync;
  return spec;
}

TEST(SyncRounds, TheElectionWaitsForAllPopulationsAndChoosesTheFittestMember) {
  Core core = Running(TwoPopulations());
  EXPECT_EQ(core.Take(kWolves, Report(1, 0, {0.2, 0.5})), "accepted");
  EXPECT_FALSE(core.Decision(kWolves, 0));
  EXPECT_EQ(core.Take(kWhales, Report(1, 0, {0.6, 0.4}, 0.3)), "accepted");
  const auto decision = core.Decision(kWolves, 0);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->elected.population, "whales");
  EXPECT_EQ(decision->elected.member, 0);
  EXPECT_EQ(decision->elected.learning_rate, 0.3);
  EXPECT_EQ(decision->elected.fitness, 0.6);
  EXPECT_EQ(decision->baseline, 0.3);
  EXPECT_EQ(decision->closed_by, ClosedBy::kAll);
  EXPECT_TRUE(decision->improved);
  EXPECT_EQ(decision->missing, Names{});
  ASSERT_EQ(decision->weights.size(), 2U);
  EXPECT_EQ(decision->weights[1].address, "host-whales-0");
  EXPECT_EQ(decision->weights[1].port, 2000);
  EXPECT_EQ(decision->weights[1].members, 2);
}

// The journal knows it too: each decision carries on what the probe found.
TEST(SyncRounds, AProbesRateIsTheBaseOfAllLaterRounds) {
  api::JobSpec spec = TwoPopulations();
  spec.ecosphere.probe_generations = 1;
  spec.ecosphere.baseline = api::BaselineRule::kCosineMultiplier;
  Core core = Running(spec);
  api::ReportRequest wolves = Report(1, 0, {0.1, 0.1}, 4);
  for (api::MemberReport& member : wolves.members) member.fitness_loss = 9;
  api::ReportRequest whales = Report(1, 0, {0.1, 0.1}, 0.8);
  for (api::MemberReport& member : whales.members) member.fitness_loss = 2;
  core.Take(kWolves, wolves);
  core.Take(kWhales, whales);
  const double found = 0.8 / api::ScalingFactor(spec);
  EXPECT_EQ(core.Decision(kWolves, 0)->base_learning_rate, found);
  EXPECT_EQ(core.Decision(kWolves, 0)->baseline, 0.8);
  core.Take(kWolves, Report(1, 1, {0.05, 0.05}, 0.8));
  core.Take(kWhales, Report(1, 1, {0.04, 0.04}, 0.8));
  const auto second = core.Decision(kWhales, 1);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->base_learning_rate, found);
  EXPECT_TRUE(second->improved) << "trials are no members to improve on";
  EXPECT_LT(second->baseline, 0.8);
}

TEST(SyncRounds, TheOrderOfArrivalDoesNotMatter) {
  Core first = Running(TwoPopulations());
  first.Take(kWolves, Report(1, 0, {0.5, 0.5}));
  first.Take(kWhales, Report(1, 0, {0.5, 0.5}));
  Core second = Running(TwoPopulations());
  second.Take(kWhales, Report(1, 0, {0.5, 0.5}));
  second.Take(kWolves, Report(1, 0, {0.5, 0.5}));
  EXPECT_EQ(api::ToJson(*first.Decision(kWolves, 0)), api::ToJson(*second.Decision(kWolves, 0)));
}

TEST(SyncRounds, ImprovedSaysWhetherTheElectedFitnessRose) {
  Core core = Running(TwoPopulations());
  for (const auto& [generation, fitness] : {std::pair(0, 0.5), std::pair(1, 0.5), std::pair(2, 0.6)}) {
    core.Take(kWolves, Report(1, generation, {0.1, fitness}));
    core.Take(kWhales, Report(1, generation, {0.1, 0.2}));
  }
  EXPECT_FALSE(core.Decision(kWolves, 1)->improved);
  EXPECT_TRUE(core.Decision(kWolves, 2)->improved);
}

TEST(SyncRounds, TheDeadlineCountsFromTheFirstReportAndNeedsTheQuorum) {
  Core core = Running(WithQuorum(1));
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}), At(5));
  EXPECT_EQ(NextDeadline(core.state(), At(5)), At(15));
  core.Settle(At(14.9));
  EXPECT_FALSE(core.Decision(kWolves, 0));
  core.Settle(At(15));
  const auto decision = core.Decision(kWhales, 0);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->closed_by, ClosedBy::kQuorum);
  EXPECT_EQ(decision->missing, Names{"whales"});
}

TEST(SyncRounds, BelowTheQuorumARoundStaysOpenPastTheDeadline) {
  Core core = Running(WithQuorum(2));
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}), At(0));
  core.Settle(At(29));
  EXPECT_FALSE(core.Decision(kWolves, 0));
  EXPECT_NE(NextDeadline(core.state(), At(29)), At(10)) << "a deadline that has passed wakes nobody again";
  core.Take(kWhales, Report(1, 0, {0.2, 0.5}), At(29));
  EXPECT_EQ(core.Decision(kWolves, 0)->closed_by, ClosedBy::kAll);
}

TEST(SyncRounds, WithoutAQuorumTheDeadlineWaitsForAllThatRun) {
  Core core = Running(TwoPopulations());
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}), At(0));
  core.Settle(At(12));
  EXPECT_FALSE(core.Decision(kWolves, 0)) << "whales run";
  core.Join(kWhales, 0, "newcomer", At(13));
  core.Settle(At(13));
  ASSERT_TRUE(core.Decision(kWolves, 0)) << "whales are down, and the deadline has passed";
  EXPECT_EQ(core.Decision(kWolves, 0)->closed_by, ClosedBy::kDeadline);
}

TEST(SyncRounds, BeforeTheDeadlineAPopulationThatIsDownIsWaitedFor) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}), At(0));
  core.Settle(At(9));
  EXPECT_FALSE(core.Decision(kWolves, 0));
}

TEST(SyncRounds, ALateReportIsToldSoAndGetsTheDecisionThatWasMade) {
  Core core = Running(WithQuorum(1));
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}), At(0));
  core.Settle(At(10));
  const auto before = api::ToJson(*core.Decision(kWhales, 0));
  EXPECT_EQ(core.Take(kWhales, Report(1, 0, {0.9, 0.9}), At(11)), "late");
  EXPECT_EQ(api::ToJson(*core.Decision(kWhales, 0)), before);
  EXPECT_TRUE(CheckDecisionRequest(core.state(), kWhales, 1, 0).ok());
}

TEST(SyncRounds, APopulationThatEndedIsNotWaitedFor) {
  Core core = Running(TwoPopulations());
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}));
  core.Store(PopulationStopped{"whales", "given up"});
  core.Settle(At(1));
  ASSERT_TRUE(core.Decision(kWolves, 0));
  EXPECT_EQ(core.Decision(kWolves, 0)->closed_by, ClosedBy::kAll);
  EXPECT_EQ(core.Decision(kWolves, 0)->missing, Names{"whales"});
}

TEST(SyncRounds, APopulationThatIsAheadIsNotWaitedFor) {
  Core core = Running(TwoPopulations());
  core.Take(kWolves, Report(1, 3, {0.2, 0.5}));  // it went on without the broker
  core.Take(kWhales, Report(1, 1, {0.2, 0.5}));
  ASSERT_TRUE(core.Decision(kWhales, 1));
  EXPECT_EQ(core.Decision(kWhales, 1)->missing, Names{"wolves"});
  EXPECT_FALSE(core.Decision(kWolves, 3));
}

TEST(SyncRounds, AnEqualReportIsAnsweredAsTheFirstAndADifferentOneRefused) {
  Core core = Running(TwoPopulations());
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}));
  const std::size_t events = core.events().size();
  EXPECT_EQ(core.Take(kWolves, Report(1, 0, {0.2, 0.5})), "accepted");
  EXPECT_EQ(core.Take(kWolves, Report(1, 0, {0.2, 0.6})), "ConflictingReport");
  EXPECT_EQ(core.events().size(), events);
}

TEST(SyncRounds, ARestartedPopulationsReportReplacesTheOneOfItsOldAttemptWhileTheRoundIsOpen) {
  Core core = Running(TwoPopulations());
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}));
  core.JoinAll(kWolves, 2);
  EXPECT_EQ(core.Take(kWolves, Report(1, 0, {0.2, 0.5})), "StaleAttempt");
  EXPECT_EQ(core.Take(kWolves, Report(2, 0, {0.2, 0.3})), "accepted");
  core.Take(kWhales, Report(1, 0, {0.1, 0.1}));
  EXPECT_EQ(core.Decision(kWolves, 0)->elected.fitness, 0.3);
}

TEST(SyncRounds, ARestartedPopulationThatReportsADecidedGenerationGetsTheDecisionThatWasMade) {
  Core core = Running(TwoPopulations());
  for (const int generation : {0, 1}) {
    core.Take(kWolves, Report(1, generation, {0.2, 0.5}));
    core.Take(kWhales, Report(1, generation, {0.1, 0.1}));
  }
  const auto before = api::ToJson(*core.Decision(kWolves, 1));
  core.JoinAll(kWolves, 2, At(0), {1});
  EXPECT_EQ(core.Take(kWolves, Report(2, 1, {0.9, 0.9})), "accepted");
  EXPECT_EQ(core.Take(kWolves, Report(2, 1, {0.9, 0.8})), "ConflictingReport");
  EXPECT_EQ(api::ToJson(*core.Decision(kWolves, 1)), before);
  EXPECT_EQ(core.state().rounds.at(1).reports.at(kWolves).attempt, 1) << "what the election saw stays";
}

TEST(SyncRounds, WeightsAreFetchedWhereThePopulationServesThemNow) {
  Core core = Running(TwoPopulations());
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}));
  core.Take(kWhales, Report(1, 0, {0.1, 0.1}));
  api::JoinRequest moved;
  moved.incarnation = "moved";
  moved.address = "elsewhere";
  moved.weights_port = 4321;
  ASSERT_TRUE(TakeJoin(core.state(), kWhales, moved, At(1)).ok());
  core.Join(kWhales, 1, "b", At(1));
  EXPECT_EQ(core.Decision(kWolves, 0)->weights[1].address, "elsewhere");
  EXPECT_EQ(core.Decision(kWolves, 0)->weights[1].port, 4321);
}

TEST(SyncRounds, TheTokenForAPopulationsWeightsIsHandedToLeadersAndStoredOrShownNowhere) {
  Core core = Running(TwoPopulations());
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}));
  core.Take(kWhales, Report(1, 0, {0.1, 0.1}));
  EXPECT_EQ(core.Decision(kWolves, 0)->weights[1].token, "") << "nobody has told one";
  api::HeartbeatRequest heartbeat;
  heartbeat.incarnation = core.state().population(kWhales).pods[0].attempt.incarnation;
  heartbeat.attempt = 1;
  heartbeat.weights_token = "of-the-whales";
  ASSERT_TRUE(TakeHeartbeat(core.state(), kWhales, heartbeat, {At(1), std::chrono::seconds(30)}).ok());
  EXPECT_EQ(core.Decision(kWolves, 0)->weights[1].token, "of-the-whales");

  api::JoinRequest anew;
  anew.incarnation = "anew";
  anew.weights_token = "anew-of-the-whales";
  ASSERT_TRUE(TakeJoin(core.state(), kWhales, anew, At(2)).ok());
  core.Join(kWhales, 1, "b", At(2));
  EXPECT_EQ(core.Decision(kWolves, 0)->weights[1].token, "anew-of-the-whales")
      << "it survives the next attempt's start";
  for (const json& shown : {EcosphereJson(core.state()), HistoryJson(core.state(), 0)}) {
    EXPECT_THAT(DumpJson(shown), Not(HasSubstr("of-the-whales")));
  }
  for (const Event& event : core.events()) EXPECT_THAT(DumpJson(ToJson(event)), Not(HasSubstr("of-the-whales")));
}

TEST(SyncRounds, TimesRoundsFromTheFirstReportAndSaysWhoKeptTheOthersWaiting) {
  Core core = Running(TwoPopulations());
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}), At(10));
  core.Take(kWhales, Report(1, 0, {0.1, 0.1}), At(12));
  core.Take(kWhales, Report(1, 1, {0.1, 0.1}), At(20));
  core.Take(kWolves, Report(1, 1, {0.2, 0.5}), At(20.25));
  const RoundTimes& times = core.state().round_times;
  EXPECT_DOUBLE_EQ(times.seconds.sum(), 2.25);
  EXPECT_EQ(times.seconds.counts()[2], 1U) << "at most half a second";
  EXPECT_EQ(times.seconds.counts()[4], 1U) << "at most five";
  EXPECT_DOUBLE_EQ(times.waited_for.at(kWhales), 2);
  EXPECT_DOUBLE_EQ(times.waited_for.at(kWolves), 0.25);
}

TEST(SyncRounds, AReportThatCannotBeElectedFromIsRefused) {
  Core core = Running(TwoPopulations());
  EXPECT_EQ(core.Take(kWolves, Report(1, 0, {0.5})), "UnusableReport") << "one member is missing";
  api::ReportRequest swapped = Report(1, 0, {0.5, 0.5});
  std::swap(swapped.members[0], swapped.members[1]);
  EXPECT_EQ(core.Take(kWolves, swapped), "UnusableReport") << "members are in order";
  EXPECT_EQ(core.Take(kWolves, Report(1, 5, {0.5, 0.5})), "WrongGeneration") << "the job has 0 to 4";
  EXPECT_EQ(core.Take(kWolves, Report(2, 0, {0.5, 0.5})), "StaleAttempt");
  core.Take(kWolves, Report(1, 2, {0.5, 0.5}));
  EXPECT_EQ(core.Take(kWolves, Report(1, 1, {0.5, 0.5})), "WrongGeneration") << "it went on";
}

TEST(SyncRounds, ALearningRateFromWhichNoFiniteBaselineFollowsIsRefused) {
  api::JobSpec spec = TwoPopulations();
  spec.ecosphere.baseline = api::BaselineRule::kCosineBlend;
  spec.ecosphere.base_learning_rate = std::numeric_limits<double>::max();
  Core core = Running(spec);
  EXPECT_EQ(core.Take(kWolves, Report(1, 0, {0.5, 0.5})), "UnusableReport");
}

TEST(SyncRounds, ADecisionIsRefusedToWhoHasNotReported) {
  Core core = Running(TwoPopulations());
  EXPECT_EQ(ReasonOf(CheckDecisionRequest(core.state(), kWolves, 1, 0)), "WrongGeneration");
  EXPECT_EQ(ReasonOf(CheckDecisionRequest(core.state(), kWolves, 2, 0)), "StaleAttempt");
}

TEST(AsyncRounds, NobodyWaits) {
  Core core = Running(Async());
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}));
  const auto decision = core.Decision(kWolves, 0);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->closed_by, ClosedBy::kAsync);
  EXPECT_EQ(decision->missing, Names{"whales"});
  EXPECT_FALSE(core.Decision(kWhales, 0)) << "each population has its own decision";
}

TEST(AsyncRounds, TheFreshestReportWithinTheStalenessTakesPart) {
  Core core = Running(Async());
  core.Take(kWhales, Report(1, 0, {0.9, 0.1}, 0.3));
  core.Take(kWolves, Report(1, 2, {0.2, 0.5}));
  const auto second = core.Decision(kWolves, 2);
  EXPECT_EQ(second->elected.population, "whales");
  EXPECT_EQ(second->elected.generation, 0);
  ASSERT_EQ(second->weights.size(), 2U);
  EXPECT_EQ(second->weights[1].generation, 0);

  core.Take(kWolves, Report(1, 3, {0.2, 0.5}));
  EXPECT_EQ(core.Decision(kWolves, 3)->elected.population, "wolves") << "three generations old is too old";
}

TEST(AsyncRounds, ASlowPopulationLearnsFromAFasterOne) {
  Core core = Running(Async());
  core.Take(kWolves, Report(1, 3, {0.2, 0.5}));
  core.Take(kWhales, Report(1, 0, {0.1, 0.1}));
  EXPECT_EQ(core.Decision(kWhales, 0)->elected.population, "wolves");
  EXPECT_EQ(core.Decision(kWhales, 0)->elected.generation, 3);
}

TEST(AsyncRounds, ARestartedPopulationGetsTheDecisionThatWasMade) {
  Core core = Running(Async());
  core.Take(kWolves, Report(1, 0, {0.2, 0.5}));
  const auto before = api::ToJson(*core.Decision(kWolves, 0));
  core.JoinAll(kWolves, 2);
  EXPECT_EQ(core.Take(kWolves, Report(2, 0, {0.9, 0.9})), "accepted");
  EXPECT_EQ(api::ToJson(*core.Decision(kWolves, 0)), before);
}

}  // namespace
}  // namespace eoa::broker
