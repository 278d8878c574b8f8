#include <nlohmann/json.hpp>

#include "broker/core/worlds.h"

#include "tests/unit/broker/core/broker_fixture.h"

namespace eoa::broker {
namespace {

using api::AgentCommand;

TEST(Worlds, AnAttemptStartsWhenAllPodsOfThePopulationWait) {
  Core core(TwoPopulations());
  EXPECT_EQ(core.Join(kWolves, 1, "b"), "");
  const api::JoinAnswer waiting = core.Place(kWolves, 1, "b");
  EXPECT_FALSE(waiting.ready);
  EXPECT_EQ(waiting.waiting_for, "wolves pod 0");

  EXPECT_EQ(core.Join(kWolves, 0, "a"), "");
  for (const int pod : {0, 1}) {
    const api::JoinAnswer place = core.Place(kWolves, pod, pod == 0 ? "a" : "b");
    EXPECT_TRUE(place.ready);
    EXPECT_EQ(place.attempt, 1);
    EXPECT_EQ(place.world_size, 2);
    EXPECT_EQ(place.first_rank, pod);
    EXPECT_EQ(place.master_address, "host-wolves-0");
    EXPECT_EQ(place.master_port, 1000);
    EXPECT_EQ(place.resume_generation, 0);
  }
  EXPECT_FALSE(core.state().worlds[1].running) << "whales have not joined";
}

TEST(Worlds, RanksCountAllMembersOfAPod) {
  api::JobSpec spec = TwoPopulations();
  spec.populations[0].members = 6;
  spec.populations[0].members_per_pod = 3;
  Core core(spec);
  core.JoinAll(kWolves);
  EXPECT_EQ(core.Place(kWolves, 1, Core::Incarnation(1, 1)).first_rank, 3);
  EXPECT_EQ(core.Place(kWolves, 1, Core::Incarnation(1, 1)).world_size, 6);
}

TEST(Worlds, TheEcosphereIsOneWorldRankedByPopulationThenPod) {
  api::JobSpec spec = TwoPopulations();
  spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
  Core core(spec);
  core.JoinAll(kWhales);
  EXPECT_EQ(core.Place(kWhales, 0, Core::Incarnation(1, 0)).waiting_for, "wolves pod 0, wolves pod 1");
  core.JoinAll(kWolves);
  const api::JoinAnswer last = core.Place(kWhales, 1, Core::Incarnation(1, 1));
  EXPECT_EQ(last.world_size, 4);
  EXPECT_EQ(last.first_rank, 3);
  EXPECT_EQ(last.master_address, "host-wolves-0");
}

TEST(Worlds, APopulationThatHasEndedLeavesTheEcospheresWorld) {
  api::JobSpec spec = TwoPopulations();
  spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
  Core core(spec);
  core.JoinAll(kWolves);
  core.JoinAll(kWhales);
  core.Store(PopulationStopped{"wolves", "given up"});
  core.JoinAll(kWhales, 2);
  const api::JoinAnswer place = core.Place(kWhales, 0, Core::Incarnation(2, 0));
  EXPECT_TRUE(place.ready);
  EXPECT_EQ(place.attempt, 2);
  EXPECT_EQ(place.world_size, 2);
  EXPECT_EQ(place.first_rank, 0);
  EXPECT_EQ(place.master_address, "host-whales-0");
}

TEST(Worlds, AskingAgainGivesTheSameAnswerAndDoesNotEndTheAttempt) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  const auto before = api::ToJson(core.Place(kWolves, 0, Core::Incarnation(1, 0)));
  EXPECT_EQ(core.Join(kWolves, 0, Core::Incarnation(1, 0)), "");
  EXPECT_EQ(api::ToJson(core.Place(kWolves, 0, Core::Incarnation(1, 0))), before);
  EXPECT_EQ(core.events().size(), 1U);
}

TEST(Worlds, ANewProcessEndsTheAttemptAndTheOthersAreToldToRejoin) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  core.Join(kWolves, 1, "newcomer");
  const auto beat = Beat(core.Heartbeat(kWolves, 0, Core::Incarnation(1, 0), 1, At(1)));
  EXPECT_EQ(beat.command, AgentCommand::kRejoin);
  EXPECT_EQ(beat.reason, "wolves pod 1 joined anew");
  EXPECT_EQ(ReasonOf(CheckAttempt(core.state(), kWolves, 1)), "StaleAttempt");

  core.Join(kWolves, 0, "survivor", At(1), {}, 1);
  EXPECT_EQ(core.Place(kWolves, 0, "survivor").attempt, 2);
  EXPECT_EQ(core.Place(kWolves, 1, "newcomer").attempt, 2);
  EXPECT_EQ(Beat(core.Heartbeat(kWolves, 0, "survivor", 2, At(2))).command, AgentCommand::kContinue);
}

TEST(Worlds, TheSameProcessThatWantsALaterAttemptEndsTheRunningOne) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  core.Join(kWolves, 0, Core::Incarnation(1, 0), At(0), {}, 1);
  EXPECT_FALSE(core.state().worlds[kWolves].running);
}

TEST(Worlds, OnlyThePopulationThatLostAPodStartsAnew) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  core.JoinAll(kWhales);
  core.Join(kWolves, 0, "newcomer");
  EXPECT_EQ(Beat(core.Heartbeat(kWhales, 0, Core::Incarnation(1, 0), 1, At(1))).command, AgentCommand::kContinue);
}

TEST(Worlds, AnOlderProcessOfTheSamePodIsFencedOff) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  core.JoinAll(kWolves, 2);
  EXPECT_EQ(ReasonOf(core.AskAgain(kWolves, 0, Core::Incarnation(1, 0))), "StaleAttempt");
  const auto beat = Beat(core.Heartbeat(kWolves, 0, Core::Incarnation(1, 0), 2, At(1)));
  EXPECT_EQ(beat.command, AgentCommand::kRejoin);
}

TEST(Worlds, ResumesFromTheNewestCheckpointThatAllPodsHave) {
  Core core(TwoPopulations());
  core.Join(kWolves, 0, "a", At(0), {1, 2, 3});
  core.Join(kWolves, 1, "b", At(0), {0, 2, 4});
  EXPECT_EQ(core.Place(kWolves, 0, "a").resume_generation, 2);
}

TEST(Worlds, StartsAnewWhenNoCheckpointIsCommon) {
  Core core(TwoPopulations());
  core.Join(kWolves, 0, "a", At(0), {1, 3});
  core.Join(kWolves, 1, "b", At(0), {2});
  EXPECT_EQ(core.Place(kWolves, 0, "a").resume_generation, 0);
}

TEST(Worlds, AttemptsGoOnFromWhatAgentsRememberWhenTheStoreWasLost) {
  Core core(TwoPopulations());
  core.Join(kWolves, 0, "a", At(0), {}, 7);
  core.Join(kWolves, 1, "b", At(0), {}, 6);
  EXPECT_EQ(core.Place(kWolves, 0, "a").attempt, 8);
}

TEST(Worlds, APodThatIsSilentForTooLongEndsTheAttempt) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  Beat(core.Heartbeat(kWolves, 0, Core::Incarnation(1, 0), 1, At(20)));
  core.Settle(At(29.9));
  EXPECT_TRUE(core.state().worlds[kWolves].running);
  EXPECT_EQ(NextDeadline(core.state(), At(29.9)), At(30));
  core.Settle(At(30));
  EXPECT_FALSE(core.state().worlds[kWolves].running);
  const auto beat = Beat(core.Heartbeat(kWolves, 0, Core::Incarnation(1, 0), 1, At(30)));
  EXPECT_EQ(beat.command, AgentCommand::kRejoin);
  EXPECT_EQ(beat.reason, "wolves pod 1 was silent for 30 s");
  EXPECT_EQ(core.state().populations[kWolves].last_error, beat.reason);
}

TEST(Worlds, AnAttemptThatOnlySilenceEndedIsNoRestartUnlessSomebodyWasLost) {
  for (const bool lost : {false, true}) {
    Core core(TwoPopulations());
    core.JoinAll(kWolves);
    core.Settle(At(30));
    ASSERT_FALSE(core.state().worlds[kWolves].running);
    // The same processes as before come with the attempt they were in; a new one with none.
    core.Join(kWolves, 0, "again-0", At(40), {}, 1);
    core.Join(kWolves, 1, "again-1", At(40), {}, lost ? 0 : 1);
    EXPECT_EQ(core.state().worlds[kWolves].attempt, 2);
    EXPECT_EQ(core.state().worlds[kWolves].excused.size(), lost ? 0U : 1U);
    // It is remembered, and what ends the next one counts.
    const auto after = StateAfter(TwoPopulations(), core.events());
    ASSERT_TRUE(after.ok());
    EXPECT_EQ(after->worlds[kWolves].excused, core.state().worlds[kWolves].excused);
    core.Join(kWolves, 0, "anew", At(50), {}, 2);
    core.Join(kWolves, 1, "anew", At(50), {}, 2);
    EXPECT_EQ(core.state().worlds[kWolves].attempt, 3);
    EXPECT_EQ(core.state().worlds[kWolves].excused.size(), lost ? 0U : 1U);
  }
}

TEST(Worlds, AWaitingPodThatPollsNoMoreIsNotCountedOn) {
  Core core(TwoPopulations());
  core.Join(kWolves, 0, "a", At(0));  // waits 30 s, and may take 5 s to its next poll
  core.Settle(At(35));
  core.Join(kWolves, 1, "b", At(36));
  EXPECT_FALSE(core.Place(kWolves, 1, "b").ready);
  core.Join(kWolves, 0, "a", At(37));
  EXPECT_TRUE(core.Place(kWolves, 1, "b").ready);
}

TEST(Worlds, BetweenTwoPollsAWaitingPodIsCountedOn) {
  Core core(TwoPopulations());
  core.Join(kWolves, 0, "a", At(0));
  core.Settle(At(34.9));
  core.Join(kWolves, 1, "b", At(34.9));
  EXPECT_TRUE(core.Place(kWolves, 1, "b").ready);
}

TEST(Worlds, AHeartbeatBeforeAnyAttemptIsRefused) {
  Core core(TwoPopulations());
  EXPECT_EQ(ReasonOf(core.Heartbeat(kWolves, 0, "a", 3, At(0))), "NotJoined");
}

TEST(Worlds, APodThatThePopulationDoesNotHaveIsRefused) {
  Core core(TwoPopulations());
  EXPECT_EQ(core.Join(kWolves, 2, "c"), "UnknownPod");
  EXPECT_EQ(ReasonOf(core.Heartbeat(kWolves, 2, "c", 1, At(0))), "UnknownPod");
}

TEST(Worlds, AStoppedPopulationsHeartbeatsAreAnsweredStopAndItsJoinsRefused) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  core.Store(PopulationStopped{"wolves", "no restarts left"});
  const auto beat = Beat(core.Heartbeat(kWolves, 0, Core::Incarnation(1, 0), 1, At(1)));
  EXPECT_EQ(beat.command, AgentCommand::kStop);
  EXPECT_EQ(beat.reason, "population wolves was stopped: no restarts left");
  EXPECT_EQ(core.Join(kWolves, 0, "newcomer"), "PopulationEnded");
}

TEST(Worlds, AFinishedPopulationParksUndisturbed) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  const api::FinishRequest result{.attempt = 1, .error = {}, .test_accuracy = {}, .test_loss = {}, .model = "m"};
  EXPECT_EQ(core.Finish(kWolves, result), "stored");
  EXPECT_EQ(core.Finish(kWolves, result), "repeated");
  core.Settle(At(1000));
  EXPECT_EQ(Beat(core.Heartbeat(kWolves, 0, Core::Incarnation(1, 0), 1, At(1000))).command, AgentCommand::kContinue);
}

TEST(Worlds, ATerminalResultStands) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  api::FinishRequest result{.attempt = 1, .error = {}, .test_accuracy = {}, .test_loss = {}, .model = {}};
  core.Finish(kWolves, result);
  result.succeeded = false;
  EXPECT_EQ(core.Finish(kWolves, result), "PopulationEnded");
  EXPECT_TRUE(core.state().populations[kWolves].finished->succeeded);
}

TEST(Worlds, AResultOfAnOldAttemptIsRefused) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  core.JoinAll(kWolves, 2);
  EXPECT_EQ(core.Finish(kWolves, {.attempt = 1, .error = {}, .test_accuracy = {}, .test_loss = {}, .model = {}}),
            "StaleAttempt");
}

TEST(Worlds, NamesOnlyTheFirstOfManyMissingPods) {
  api::JobSpec spec = TwoPopulations();
  spec.populations[0].members = 1000;
  Core core(spec);
  core.Join(kWolves, 0, "a");
  const std::string text = core.Place(kWolves, 0, "a").waiting_for;
  EXPECT_EQ(text.substr(0, 26), "wolves pod 1, wolves pod 2");
  EXPECT_TRUE(text.ends_with(" and 991 more")) << text;
}

}  // namespace
}  // namespace eoa::broker
