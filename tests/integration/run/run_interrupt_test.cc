// How `eoa run` ends when it is told to, or cut off; and how it goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/integration/run/eoa_process.h"

namespace eoa::test {
namespace {

using ::testing::HasSubstr;

TEST(EoaRunInterrupt, CtrlCEndsEverythingWithinFiveSecondsAndKeepsWhatIsThere) {
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) {
    EoaRun run("interrupt", {{"EOA_SCRIPT_STEP_MS", "10"}});
    run.Start({.generations = 100, .members_per_pod = 2});
    ASSERT_TRUE(run.WaitFor("generation 2/100")) << run.Output();
    EXPECT_EQ(run.Processes().size(), 1U + 4 + 8);
    const SteadyTime before = RealClock().SteadyNow();
    ASSERT_EQ(::kill(run.pid(), signal_number), 0);
    EXPECT_EQ(run.Wait().code, 130) << run.Output();
    EXPECT_LT(RealClock().SteadyNow() - before, std::chrono::seconds(5));
    EXPECT_TRUE(run.Processes().empty());
    EXPECT_EQ(run.ResultJson()["outcome"], "Interrupted");
    EXPECT_THAT(run.Read("schedule.csv"), HasSubstr("\n1,whales,3,"));
    EXPECT_THAT(run.Output(), HasSubstr("eoa run --resume "));
  }
}

TEST(EoaRunInterrupt, WorkersThatHangAreEndedAllTheSame) {
  EoaRun run("interrupt_hanging", {{"EOA_SCRIPT_FAULT", "generation=1 hang=1"}});
  run.Start({});
  ASSERT_TRUE(run.WaitFor("generation 1/6")) << run.Output();
  const SteadyTime before = RealClock().SteadyNow();
  ASSERT_EQ(::kill(run.pid(), SIGINT), 0);
  EXPECT_EQ(run.Wait().code, 130);
  EXPECT_LT(RealClock().SteadyNow() - before, std::chrono::seconds(5));
  EXPECT_TRUE(run.Processes().empty());
}

TEST(EoaRunInterrupt, WhenEoaIsKilledItsAgentsAndWorkersEndByThemselves) {
  EoaRun run("killed", {{"EOA_SCRIPT_STEP_MS", "10"}});
  run.Start({.generations = 100});
  ASSERT_TRUE(run.WaitFor("generation 2/100")) << run.Output();
  ASSERT_EQ(::kill(run.pid(), SIGKILL), 0);
  EXPECT_EQ(run.Wait().signal, SIGKILL);
  EXPECT_TRUE(run.AllGone(std::chrono::seconds(5)));
}

TEST(EoaRunInterrupt, AKilledRunGoesOnToTheSameSchedule) {
  const JobShape shape{.generations = 12, .members_per_pod = 2};
  EoaRun whole("whole");
  whole.Start(shape);
  ASSERT_EQ(whole.Wait().code, 0) << whole.Output();

  EoaRun run("resumed", {{"EOA_SCRIPT_STEP_MS", "10"}});
  run.Start(shape);
  ASSERT_TRUE(run.WaitFor("generation 4/12")) << run.Output();
  ASSERT_EQ(::kill(run.pid(), SIGKILL), 0);
  EXPECT_EQ(run.Wait().signal, SIGKILL);
  const std::string before = run.Read("schedule.csv");
  run.Resume();
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
  EXPECT_TRUE(run.Read("schedule.csv") == whole.Read("schedule.csv"));
  EXPECT_TRUE(run.Read("schedule.csv").starts_with(before));
  EXPECT_EQ(run.ResultJson()["outcome"], "Succeeded");
}

TEST(EoaRunInterrupt, TheSameCommandGoesOnWithAKilledRun) {
  EoaRun undisturbed("same_undisturbed");
  undisturbed.Start({});
  EoaRun run("same_command", {{"EOA_SCRIPT_STEP_MS", "10"}});
  run.Start({});
  ASSERT_TRUE(run.WaitFor("generation 2/6")) << run.Output();
  ASSERT_EQ(::kill(run.pid(), SIGKILL), 0);
  run.Wait();
  run.Start({});
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
  ASSERT_EQ(undisturbed.Wait().code, 0) << undisturbed.Output();
  EXPECT_THAT(run.Output(), HasSubstr("going on with "));
  EXPECT_EQ(run.Read("schedule.csv"), undisturbed.Read("schedule.csv"));
}

TEST(EoaRunInterrupt, AnotherJobDoesNotGoOnWithItAndNamesWhatHasChanged) {
  EoaRun run("changed_job", {{"EOA_SCRIPT_STEP_MS", "10"}});
  run.Start({});
  ASSERT_TRUE(run.WaitFor("generation 2/6"));
  ASSERT_EQ(::kill(run.pid(), SIGKILL), 0);
  run.Wait();
  run.Start({.generations = 9});
  EXPECT_EQ(run.Wait().code, 2);
  EXPECT_THAT(run.Output(), HasSubstr("the job has changed since: spec.ecosphere.generations: 9, was 6"));
  EXPECT_THAT(run.Output(), HasSubstr("eoa run --resume "));
}

TEST(EoaRunInterrupt, WhatChangesNothingThatIsTrainedDoesNotBeginAnew) {
  EoaRun run("changed_deadline", {{"EOA_SCRIPT_STEP_MS", "10"}});
  run.Start({});
  ASSERT_TRUE(run.WaitFor("generation 2/6"));
  ASSERT_EQ(::kill(run.pid(), SIGKILL), 0);
  run.Wait();
  run.Start({.max_restarts = 9});
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
  EXPECT_THAT(run.Output(), HasSubstr("going on with "));
  EXPECT_THAT(run.Read("job.json"), HasSubstr("\"maxPopulationRestarts\": 9"));
}

TEST(EoaRunInterrupt, AFailedRunGoesOnOnceTheCauseIsGone) {
  for (const char* fault : {"population=wolves member=0 generation=3 signal=6",    // uses up its restarts
                            "population=wolves member=0 generation=3 exit=65"}) {  // is not tried again
    // Slow enough that the whales do not end before the wolves' failure is seen; what those missed is waited for until the
    // deadline.
    EoaRun run("failed", {{"EOA_SCRIPT_FAULT", fault}, {"EOA_SCRIPT_STEP_MS", "20"}});
    run.Start({.deadline_seconds = 3, .max_restarts = 1});
    EXPECT_EQ(run.Wait().code, 1);
    EXPECT_EQ(run.ResultJson()["outcome"], "Failed");
    run.SetEnvironment("EOA_SCRIPT_FAULT", "");
    run.Resume();
    ASSERT_EQ(run.Wait().code, 0) << run.Output();
    EXPECT_THAT(run.Output(), HasSubstr("which had failed"));
    EXPECT_EQ(run.ResultJson()["outcome"], "Succeeded");
    EXPECT_EQ(run.ResultJson()["generations"], 6);
  }
}

TEST(EoaRunInterrupt, TwoRunsDoNotShareADirectory) {
  EoaRun run("shared", {{"EOA_SCRIPT_STEP_MS", "10"}});
  run.Start({});
  ASSERT_TRUE(run.WaitFor("generation 1/6"));
  auto second =
      Subprocess::Start({.arguments = run.Arguments({"--resume=" + run.Path("")}), .environment = run.environment()});
  ASSERT_TRUE(second.ok());
  const Result<ExitStatus> ended = second->Wait(kRunLimit);
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(ended->code, 2);
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
}

TEST(EoaRunInterrupt, ADirectoryThatHoldsNoRunCannotBeResumed) {
  EoaRun run("not_a_run");
  std::filesystem::create_directories(run.Path(""));
  run.Resume();
  EXPECT_EQ(run.Wait().code, 2);
  EXPECT_THAT(run.Output(), HasSubstr("--resume"));
}

}  // namespace
}  // namespace eoa::test
