// `eoa run` from the job file to the results, with scripted workers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/integration/run/eoa_process.h"

namespace eoa::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

long Lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(EoaRun, TrainsElectsAndLeavesItsResults) {
  EoaRun run("complete");
  run.Start({});
  const ExitStatus status = run.Wait();
  ASSERT_EQ(status.code, 0) << run.Output();

  EXPECT_EQ(Lines(run.Read("schedule.csv")), 1 + 6 * 8);
  const nlohmann::json result = run.ResultJson();
  ASSERT_TRUE(result.is_object());
  EXPECT_EQ(result["outcome"], "Succeeded");
  EXPECT_EQ(result["testAccuracy"], 0.5);
  EXPECT_EQ(result["testImages"], 1000);
  EXPECT_EQ(result["generations"], 6);
  const std::string elected = result["elected"]["population"];
  EXPECT_EQ(run.Read("model.safetensors"), "model of " + elected);
  EXPECT_THAT(run.Read("job.json"), HasSubstr("\"seed\": 42"));
  for (int generation = 1; generation <= 6; ++generation) {
    EXPECT_THAT(run.Output(), HasSubstr("generation " + std::to_string(generation) + "/6: elected "));
  }
  EXPECT_THAT(run.Output(), HasSubstr("test     50 % of 1000 images"));
  EXPECT_THAT(run.Output(), Not(HasSubstr("\x1b")));
  // What only a running job needs is gone.
  EXPECT_FALSE(std::filesystem::exists(run.Path("token")));
  EXPECT_FALSE(std::filesystem::exists(run.Path("pods")));
  EXPECT_TRUE(run.Processes().empty());
}

TEST(EoaRun, GivesTheSameScheduleForTheSameSeedAndAnotherForAnother) {
  EoaRun first("seed_a");
  first.Start({});
  EoaRun second("seed_b");
  second.Start({});
  EoaRun other("seed_c");
  other.Start({.seed = 7});
  ASSERT_EQ(first.Wait().code, 0) << first.Output();
  ASSERT_EQ(second.Wait().code, 0) << second.Output();
  ASSERT_EQ(other.Wait().code, 0) << other.Output();
  EXPECT_TRUE(first.Read("schedule.csv") == second.Read("schedule.csv"));
  EXPECT_FALSE(first.Read("schedule.csv") == other.Read("schedule.csv"));
}

TEST(EoaRun, TheScheduleDoesNotDependOnHowMembersAreSpreadOverPods) {
  EoaRun one("pods_1");
  one.Start({.generations = 3, .members_per_pod = 1});
  ASSERT_EQ(one.Wait().code, 0) << one.Output();
  EoaRun two("pods_2");
  two.Start({.generations = 3, .members_per_pod = 2});
  ASSERT_EQ(two.Wait().code, 0) << two.Output();
  EoaRun four("pods_4");
  four.Start({.generations = 3, .members_per_pod = 4});
  ASSERT_EQ(four.Wait().code, 0) << four.Output();
  EXPECT_TRUE(one.Read("schedule.csv") == four.Read("schedule.csv"));
  EXPECT_TRUE(two.Read("schedule.csv") == four.Read("schedule.csv"));
}

TEST(EoaRun, EachPopulationMixesInTheOthersWeightsByItsMembers) {
  EoaRun run("mix", {{"EOA_SCRIPT_STEP_MS", "20"}});
  run.Start({.generations = 30});
  ASSERT_TRUE(run.WaitFor("generation 3/30")) << run.Output();
  EXPECT_TRUE(run.WaitFor("own 0.5\nweights of whales in generation 1 0.5\n", "pods/wolves-0/mixed-1.txt"));
  EXPECT_TRUE(run.WaitFor("own 0.5\nweights of wolves in generation 1 0.5\n", "pods/whales-0/mixed-1.txt"));
  ::kill(run.pid(), SIGTERM);
  EXPECT_EQ(run.Wait().code, 130);
}

TEST(EoaRun, AsynchronousPopulationsFinishToo) {
  EoaRun run("async");
  run.Start({.mode = "Async"});
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
  EXPECT_EQ(run.ResultJson()["testAccuracy"], 0.5);
}

TEST(EoaRun, BestMergeFinishesToo) {
  EoaRun run("best");
  run.Start({.weight_merge = "Best"});
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
}

TEST(EoaRun, ASecondRunDoesNotOverwriteTheFirst) {
  EoaRun run("twice");
  run.Start({.generations = 1});
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
  const std::string schedule = run.Read("schedule.csv");
  run.Start({.seed = 9, .generations = 1});
  EXPECT_EQ(run.Wait().code, 2);
  EXPECT_THAT(run.Output(), HasSubstr("is there already"));
  EXPECT_TRUE(run.Read("schedule.csv") == schedule);
}

TEST(EoaRun, ARunThatHasEndedCannotBeResumed) {
  EoaRun run("ended");
  run.Start({.generations = 1});
  ASSERT_EQ(run.Wait().code, 0) << run.Output();
  run.Resume();
  EXPECT_EQ(run.Wait().code, 2);
  EXPECT_THAT(run.Output(), HasSubstr("has ended: Succeeded"));
}

TEST(EoaRun, AgentsAndEoaStaySmall) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr long kLimitKib = 1024 * 1024;  // the sanitizer's own memory is not ours to bound
#else
  constexpr long kLimitKib = 40 * 1024;
#endif
  EoaRun run("memory", {{"EOA_SCRIPT_STEP_MS", "20"}});
  run.Start({.generations = 30, .members_per_pod = 2});
  ASSERT_TRUE(run.WaitFor("generation 3/30")) << run.Output();
  EXPECT_LT(PeakKib(run.pid()), kLimitKib);
  const std::vector<pid_t> agents = run.ProcessesNamed("eoa-trainer");
  EXPECT_EQ(agents.size(), 4U);
  for (const pid_t agent : agents) EXPECT_LT(PeakKib(agent), kLimitKib);
  ::kill(run.pid(), SIGTERM);
  EXPECT_EQ(run.Wait().code, 130);
}

}  // namespace
}  // namespace eoa::test
