// `eoa sweep` with real `eoa run`s, agents and scripted workers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "tests/integration/run/eoa_process.h"

namespace eoa::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kTwoArms =
    "  seeds: 2\n"
    "  arms:\n"
    "  - {name: today}\n"
    "  - name: cosine\n"
    "    set: {\"spec.populations[*].algorithm\": {name: Fixed, schedule: Cosine}}\n"
    "  compareWith: cosine\n";

nlohmann::json Json(const EoaRun& run, const std::string& file) {
  return nlohmann::json::parse(run.Read(file), nullptr, false);
}

TEST(EoaSweep, RunsEveryArmWithEverySeedAndComparesThem) {
  EoaRun sweep("sweep_complete");
  sweep.WriteJob({.generations = 2});
  sweep.StartSweep(kTwoArms);
  ASSERT_EQ(sweep.Wait().code, 0) << sweep.Output();

  for (const char* id : {"today-s1", "cosine-s1", "today-s2", "cosine-s2"}) {
    const nlohmann::json result = Json(sweep, std::string("runs/") + id + "/result.json");
    EXPECT_EQ(result["outcome"], "Succeeded") << id;
    EXPECT_THAT(sweep.Output(), HasSubstr(std::string(id) + ": Succeeded, test 50 %"));
  }
  EXPECT_EQ(Json(sweep, "runs/cosine-s2/result.json")["seed"], 2);
  EXPECT_THAT(sweep.Output(), HasSubstr("] today-s1 begins\n"));
  EXPECT_THAT(sweep.Output(), HasSubstr("cosine-s2: Succeeded, test 50 % (4 of 4)"));
  EXPECT_THAT(sweep.Output(), HasSubstr("today    2/2   50.00 ± 0.00  +0.00 ± 0.00  2      cosine"));
  EXPECT_THAT(sweep.Read("variants.csv"), HasSubstr("\ncosine,2,2,0,0.5,0,,,,,"));
  EXPECT_THAT(sweep.Read("runs.csv"), HasSubstr("\ncosine-s2,cosine,cosine,2,Succeeded,,0.5,"));
  EXPECT_THAT(sweep.Read("sweep.html"), StartsWith("<!doctype html>"));
  EXPECT_EQ(Json(sweep, "sweep.json")["variants"].size(), 2U);
  EXPECT_TRUE(sweep.Processes().empty());

  // A second call has nothing to do, and says the same.
  const std::string table = sweep.Read("sweep.json");
  const auto written = std::filesystem::last_write_time(sweep.Path("runs/today-s1/result.json"));
  sweep.StartSweep(kTwoArms);
  ASSERT_EQ(sweep.Wait().code, 0) << sweep.Output();
  EXPECT_THAT(sweep.Output(), HasSubstr("4 runs, 4 of which have ended"));
  EXPECT_EQ(std::filesystem::last_write_time(sweep.Path("runs/today-s1/result.json")), written);
  EXPECT_EQ(sweep.Read("sweep.json"), table);
}

TEST(EoaSweep, CtrlCStopsAllRunsAndTheSameCommandGoesOnWithThem) {
  EoaRun sweep("sweep_interrupt", {{"EOA_SCRIPT_STEP_MS", "10"}});
  sweep.WriteJob({.generations = 20});
  const std::string spec = "  seeds: 2\n  parallel: 2\n";
  sweep.StartSweep(spec);
  // Both at once.
  ASSERT_TRUE(sweep.WaitFor("generation 2/20", "logs/scripted-s1.log")) << sweep.Output();
  ASSERT_TRUE(sweep.WaitFor("generation 2/20", "logs/scripted-s2.log")) << sweep.Output();
  EXPECT_EQ(sweep.ProcessesNamed("eoa").size(), 3U);
  const SteadyTime before = RealClock().SteadyNow();
  ASSERT_EQ(::kill(sweep.pid(), SIGINT), 0);
  EXPECT_EQ(sweep.Wait().code, 130) << sweep.Output();
  EXPECT_LT(RealClock().SteadyNow() - before, std::chrono::seconds(10));
  EXPECT_TRUE(sweep.Processes().empty());
  EXPECT_EQ(Json(sweep, "runs/scripted-s1/result.json")["outcome"], "Interrupted");
  EXPECT_EQ(Json(sweep, "sweep.json")["sweepRuns"][0]["state"], "Interrupted");
  EXPECT_THAT(sweep.Output(), HasSubstr("go on    the same command"));

  sweep.StartSweep(spec);
  ASSERT_EQ(sweep.Wait().code, 0) << sweep.Output();
  EXPECT_THAT(sweep.Output(), HasSubstr("scripted-s1 goes on"));
  EXPECT_THAT(sweep.Read("logs/scripted-s1.log"), HasSubstr("which was interrupted"));
  const nlohmann::json runs = Json(sweep, "sweep.json")["sweepRuns"];
  EXPECT_EQ(runs[0]["state"], "Succeeded");
  EXPECT_EQ(runs[1]["state"], "Succeeded");
  // Its last part alone would be too little.
  EXPECT_EQ(runs[0]["seconds"], nullptr);
}

TEST(EoaSweep, WhenItIsKilledItsRunsEndByThemselvesAndGoOnLater) {
  EoaRun sweep("sweep_killed", {{"EOA_SCRIPT_STEP_MS", "10"}});
  sweep.WriteJob({.generations = 12});
  sweep.StartSweep("  seeds: 1\n");
  ASSERT_TRUE(sweep.WaitFor("generation 2/12", "logs/scripted-s1.log")) << sweep.Output();
  ASSERT_EQ(::kill(sweep.pid(), SIGKILL), 0);
  EXPECT_EQ(sweep.Wait().signal, SIGKILL);
  ASSERT_TRUE(sweep.AllGone(std::chrono::seconds(5)));
  sweep.StartSweep("  seeds: 1\n");
  ASSERT_EQ(sweep.Wait().code, 0) << sweep.Output();
  EXPECT_THAT(sweep.Read("logs/scripted-s1.log"), HasSubstr("which was interrupted"));
}

TEST(EoaSweep, ARunThatFailsIsARowWithItsReasonAndTheOthersGoOn) {
  EoaRun sweep("sweep_failed", {{"EOA_SCRIPT_FAULT", "population=lions generation=0 exit=65"}});
  sweep.WriteJob({.generations = 2});
  const std::string spec =
      "  seeds: 1\n  arms:\n  - {name: bad, set: {\"spec.populations[0].name\": lions}}\n  - {name: good}\n  "
      "compareWith: "
      "good\n";
  sweep.StartSweep(spec);
  EXPECT_EQ(sweep.Wait().code, 1) << sweep.Output();
  const nlohmann::json json = Json(sweep, "sweep.json");
  EXPECT_EQ(json["variants"][0]["failed"], 1);
  EXPECT_EQ(json["variants"][0]["testAccuracy"], nullptr);
  EXPECT_EQ(json["variants"][1]["succeeded"], 1);
  const std::string reason = json["sweepRuns"][0]["reason"];
  EXPECT_THAT(reason, HasSubstr("lions"));
  EXPECT_THAT(sweep.Output(), HasSubstr("failed: bad-s1: " + reason));

  // It stays a row until its directory is removed.
  sweep.StartSweep(spec);
  EXPECT_EQ(sweep.Wait().code, 1) << sweep.Output();
  EXPECT_THAT(sweep.Output(), HasSubstr("2 of which have ended"));
}

TEST(EoaSweep, ABudgetLeavesRunsForTheNextCall) {
  EoaRun sweep("sweep_budget");
  sweep.WriteJob({.generations = 1});
  const std::string spec = "  seeds: 2\n  budget: {runs: 1}\n";
  sweep.StartSweep(spec);
  ASSERT_EQ(sweep.Wait().code, 0) << sweep.Output();
  EXPECT_TRUE(std::filesystem::exists(sweep.Path("runs/scripted-s1")));
  EXPECT_FALSE(std::filesystem::exists(sweep.Path("runs/scripted-s2")));
  EXPECT_THAT(sweep.Output(), HasSubstr("go on    the same command"));
  sweep.StartSweep(spec);
  ASSERT_EQ(sweep.Wait().code, 0) << sweep.Output();
  EXPECT_EQ(Json(sweep, "sweep.json")["variants"][0]["succeeded"], 2);
}

TEST(EoaSweep, NothingBeginsWhenSomethingIsWrong) {
  EoaRun sweep("sweep_wrong");
  sweep.WriteJob({.generations = 1});
  sweep.StartSweep("  matrix: {spec.ecosphere.baseline: [Elected, Blend]}\n");
  EXPECT_EQ(sweep.Wait().code, 2);
  EXPECT_THAT(sweep.Output(), HasSubstr("sweep.yaml:6:12: spec.matrix.spec.ecosphere.baseline: value 'Blend': makes no "
                                        "valid job: spec.ecosphere.baseline: value 'Blend': must be"));
  EXPECT_FALSE(std::filesystem::exists(sweep.Path("runs")));

  sweep.StartSweep("  seeds: 1\n");
  ASSERT_EQ(sweep.Wait().code, 0) << sweep.Output();
  sweep.WriteJob({.generations = 3});
  sweep.StartSweep("  seeds: 1\n");
  EXPECT_EQ(sweep.Wait().code, 2);
  EXPECT_THAT(sweep.Output(), HasSubstr("holds a run of another job: spec.ecosphere.generations: 3, was 1"));
}

TEST(EoaSweep, ForAClusterItPrintsTheJobs) {
  EoaRun sweep("sweep_render");
  sweep.WriteJob({});
  sweep.StartSweep(kTwoArms, {"--render"});
  ASSERT_EQ(sweep.Wait().code, 0) << sweep.Output();
  EXPECT_THAT(sweep.Output(),
              StartsWith("---\napiVersion: eoa.io/v1alpha1\nkind: EOAJob\nmetadata:\n  name: scripted-today-s1\n"));
  EXPECT_THAT(sweep.Output(), HasSubstr("name: scripted-cosine-s2"));
  // Paths are those of the pods.
  EXPECT_THAT(sweep.Output(), HasSubstr("path: data\n"));
  EXPECT_THAT(sweep.Output(), Not(HasSubstr("uid:")));
  EXPECT_FALSE(std::filesystem::exists(sweep.Path("runs")));
}

}  // namespace
}  // namespace eoa::test
