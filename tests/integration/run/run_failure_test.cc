// What `eoa run` does when workers, agents or the broker fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/integration/run/eoa_process.h"

namespace eoa::test {
namespace {

using ::testing::HasSubstr;

// What a run without any fault comes to.
std::string UndisturbedSchedule(const std::string& name, const JobShape& shape) {
  EoaRun run("undisturbed_" + name);
  run.Start(shape);
  EXPECT_EQ(run.Wait().code, 0) << run.Output();
  return run.Read("schedule.csv");
}

TEST(EoaRunFailure, AWorkerThatIsKilledCostsARestartAndNothingElse) {
  for (const int members_per_pod : {1, 4}) {
    const JobShape shape{.members_per_pod = members_per_pod};
    EoaRun run("worker_killed", {{"EOA_SCRIPT_FAULT", "population=wolves member=1 generation=3 attempt=1 signal=9"}});
    run.Start(shape);
    ASSERT_EQ(run.Wait().code, 0) << run.Output();
    EXPECT_THAT(run.Output(), HasSubstr("wolves: attempt 2"));
    EXPECT_TRUE(run.Read("schedule.csv") == UndisturbedSchedule("worker_killed", shape));
    EXPECT_EQ(run.ResultJson()["populations"][0]["attempts"], 2);
    EXPECT_EQ(run.ResultJson()["populations"][1]["attempts"], 1);
  }
}

TEST(EoaRunFailure, AnAgentThatIsKilledIsStartedAgainAndGoesOn) {
  EoaRun run("agent_killed", {{"EOA_SCRIPT_STEP_MS", "10"}});
  const JobShape shape{.generations = 8, .members_per_pod = 2};
  run.Start(shape);
  ASSERT_TRUE(run.WaitFor("generation 2/8")) << run.Output();
  const std::vector<pid_t> agents = run.ProcessesNamed("eoa-trainer");
  ASSERT_EQ(agents.size(), 4U);
  ASSERT_EQ(::kill(agents[0], SIGKILL), 0);
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
  EXPECT_THAT(run.Output(), HasSubstr("ended with signal 9"));
  EXPECT_TRUE(run.Read("schedule.csv") == UndisturbedSchedule("agent_killed", shape));
  EXPECT_TRUE(run.Processes().empty());
}

TEST(EoaRunFailure, BadDataFailsTheRunAtOnceAndSaysWhy) {
  EoaRun run("bad_data", {{"EOA_SCRIPT_FAULT", "population=whales member=2 generation=1 exit=65"}});
  run.Start({});
  EXPECT_EQ(run.Wait().code, 1);
  EXPECT_THAT(run.Output(), HasSubstr("eoa run: failed: whales: member 2: DATA_LOSS: scripted fault"));
  EXPECT_EQ(run.ResultJson()["outcome"], "Failed");
  EXPECT_EQ(run.ResultJson()["populations"][1]["attempts"], 1);
  EXPECT_TRUE(run.Processes().empty());
}

TEST(EoaRunFailure, AWorkerThatDiesAgainAndAgainUsesUpItsRestarts) {
  EoaRun run("budget", {{"EOA_SCRIPT_FAULT", "population=wolves member=0 generation=1 signal=6"}});
  run.Start({.max_restarts = 2});
  EXPECT_EQ(run.Wait().code, 1);
  EXPECT_THAT(run.Output(), HasSubstr("runPolicy.maxPopulationRestarts"));
  EXPECT_THAT(run.Output(), HasSubstr("member 0 ended with signal 6"));
  EXPECT_GE(run.ResultJson()["populations"][0]["attempts"], 3);
}

TEST(EoaRunFailure, AWorkerProgramThatIsNotThereEndsTheRunWithItsName) {
  EoaRun run("no_worker");
  run.Start({.max_restarts = 1}, {"--worker=/nowhere/worker"});
  EXPECT_EQ(run.Wait().code, 1);
  EXPECT_THAT(run.Output(), HasSubstr("/nowhere/worker"));
}

TEST(EoaRunFailure, AnAgentProgramThatIsNotThereEndsTheRunAtOnce) {
  EoaRun run("no_agent");
  run.Start({}, {"--trainer=/nowhere/trainer"});
  EXPECT_EQ(run.Wait().code, 1);
  EXPECT_THAT(run.Output(), HasSubstr("/nowhere/trainer"));
}

TEST(EoaRunFailure, WhileTheBrokerDoesNotAnswerPopulationsTrainOn) {
  EoaRun run("broker_away", {{"EOA_SCRIPT_STEP_MS", "5"}});
  run.Start({.generations = 40, .deadline_seconds = 1});
  ASSERT_TRUE(run.WaitFor("generation 2/40")) << run.Output();
  // The broker lives in this process; the agents' requests are left unanswered.
  ASSERT_EQ(::kill(run.pid(), SIGSTOP), 0);
  EXPECT_TRUE(run.WaitFor("goes on with the last decision", "logs/wolves-0.log"));
  EXPECT_TRUE(run.WaitFor("goes on with the last decision", "logs/whales-0.log"));
  ASSERT_EQ(::kill(run.pid(), SIGCONT), 0);
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
  EXPECT_EQ(run.ResultJson()["populations"][0]["attempts"], 1);
}

}  // namespace
}  // namespace eoa::test
