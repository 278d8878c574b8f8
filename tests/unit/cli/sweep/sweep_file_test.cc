#include "cli/sweep/sweep_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/sweep/sweep_fixture.h"

namespace eoa::sweep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> MistakesIn(const std::string& spec) {
  std::vector<std::string> texts;
  for (const api::Mistake& mistake : ReadSweep(SweepText(spec)).mistakes) {
    texts.push_back(api::ToString(mistake, "sweep.yaml"));
  }
  return texts;
}

TEST(ReadSweep, ReadsEveryField) {
  const SweepOutcome outcome = ReadSweep(
      SweepText("  job: a/job.yaml\n  seeds: 5\n  firstSeed: 42\n  parallel: 2\n  budget: {seconds: 60, runs: 3}\n"
                "  arms:\n  - {name: today}\n  - name: one\n    set: {\"spec.populations[0].members\": 8}\n"
                "  matrix:\n    spec.trainer.model.name: [wrn-16-1, wrn-10-1]\n    spec.ecosphere.baseline: [Elected]\n"
                "  compareWith: one\n"));
  ASSERT_TRUE(outcome.sweep) << outcome.mistakes[0].message;
  const Sweep& sweep = *outcome.sweep;
  EXPECT_EQ(sweep.name, "rates");
  EXPECT_EQ(sweep.job, "a/job.yaml");
  EXPECT_EQ(sweep.seeds, 5);
  EXPECT_EQ(sweep.first_seed, 42);
  EXPECT_EQ(sweep.parallel, 2);
  EXPECT_EQ(sweep.budget_seconds, 60);
  EXPECT_EQ(sweep.budget_runs, 3);
  EXPECT_EQ(sweep.compare_with, "one");
  ASSERT_EQ(sweep.arms.size(), 2U);
  EXPECT_EQ(sweep.arms[1].changes[0].value, 8);
  ASSERT_EQ(sweep.matrix.size(), 2U);
  // As in the file, not by the alphabet.
  EXPECT_EQ(sweep.matrix[0].label, "name");
  EXPECT_THAT(sweep.matrix[0].values, ElementsAre("wrn-16-1", "wrn-10-1"));
  EXPECT_EQ(sweep.matrix[1].label, "baseline");
}

TEST(ReadSweep, AJobAloneIsASweepOfItsSeeds) {
  const SweepOutcome outcome = ReadSweep(SweepText("  job: job.yaml\n"));
  ASSERT_TRUE(outcome.sweep);
  EXPECT_EQ(outcome.sweep->seeds, 3);
  EXPECT_EQ(outcome.sweep->first_seed, 1);
  ASSERT_EQ(outcome.sweep->arms.size(), 1U);
  EXPECT_EQ(outcome.sweep->arms[0].name, "");
}

TEST(ReadSweep, AxesThatEndAlikeKeepTheirWholeNames) {
  const SweepOutcome outcome = ReadSweep(SweepText(
      "  job: job.yaml\n  matrix:\n    spec.populations[0].members: [1]\n    spec.populations[1].members: [1, 2]\n"));
  ASSERT_TRUE(outcome.sweep);
  EXPECT_EQ(outcome.sweep->matrix[0].label, "spec.populations[0].members");
}

TEST(ReadSweep, SaysWhatIsWrongWhereAndWhatIsAllowed) {
  EXPECT_THAT(MistakesIn("  seeds: 3\n"),
              ElementsAre("sweep.yaml:5:3: spec.job: is missing; it must be the path of a job file"));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  seeds: 0\n"),
              ElementsAre("sweep.yaml:6:10: spec.seeds: value '0': must be an integer from 1 to 1000"));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  sedes: 2\n"),
              ElementsAre("sweep.yaml:6:3: spec.sedes: unknown field; did you mean 'seeds'?"));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  matrix:\n    ecosphere.baseLearningRate: [1]\n"),
              ElementsAre(HasSubstr("sweep.yaml:7:5: spec.matrix: value 'ecosphere.baseLearningRate': must be the path "
                                    "of a field of the job's spec, such as spec.ecosphere.baseLearningRate")));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  matrix:\n    spec.seed: [1, 2]\n"),
              ElementsAre("sweep.yaml:7:5: spec.matrix: value 'spec.seed': the sweep's own seeds and firstSeed say "
                          "which seeds"));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  matrix:\n    spec.ecosphere.generations: 4\n"),
              ElementsAre("sweep.yaml:7:33: spec.matrix.spec.ecosphere.generations: value '4': must be a list of 1 to "
                          "1000 values"));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  arms: [{name: authors'}, {name: 'a '}]\n"),
              ElementsAre(HasSubstr("spec.arms[1].name: value 'a ': must be letters, digits")));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  arms: [{name: a}, {name: a}]\n"),
              ElementsAre(HasSubstr("spec.arms[1].name: value 'a': must be unique; another arm is called so")));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  arms: [{name: a, set: {\"spec.populations[x].members\": 2}}]\n"),
              ElementsAre(HasSubstr("spec.arms[0].set: value 'spec.populations[x].members': must be the path")));
}

TEST(ReadSweep, AnotherKindOfFileIsNoSweep) {
  const SweepOutcome outcome = ReadSweep(kTestJob);
  EXPECT_FALSE(outcome.sweep);
  ASSERT_FALSE(outcome.mistakes.empty());
  EXPECT_THAT(api::ToString(outcome.mistakes[0], "job.yaml"), HasSubstr("kind: value 'EOAJob': must be Sweep"));
}

TEST(SetField, SetsOneItemOrAllOfThem) {
  nlohmann::ordered_json document = TestDocument();
  EXPECT_TRUE(SetField(document, ParseFieldPath("spec.populations[1].members").value(), 2).ok());
  EXPECT_TRUE(SetField(document, ParseFieldPath("spec.populations[*].algorithm.step").value(), "Canonical").ok());
  EXPECT_TRUE(SetField(document, ParseFieldPath("spec.runPolicy.backoffLimit").value(), 0).ok());
  EXPECT_EQ(document["spec"]["populations"][0]["members"], 4);
  EXPECT_EQ(document["spec"]["populations"][1]["members"], 2);
  EXPECT_EQ(document["spec"]["populations"][0]["algorithm"]["step"], "Canonical");
  EXPECT_EQ(document["spec"]["populations"][1]["algorithm"]["step"], "Canonical");
  EXPECT_EQ(document["spec"]["runPolicy"]["backoffLimit"], 0);
}

TEST(SetField, RefusesWhatIsNotThere) {
  nlohmann::ordered_json document = TestDocument();
  EXPECT_EQ(SetField(document, ParseFieldPath("spec.populations[2].members").value(), 2).error().message(),
            "spec.populations of the job has 2 items, counted from 0");
  EXPECT_EQ(SetField(document, ParseFieldPath("spec.ecosphere[0].generations").value(), 2).error().message(),
            "spec.ecosphere of the job is no list");
  EXPECT_EQ(SetField(document, ParseFieldPath("spec.ecosphere.generations.many").value(), 2).error().message(),
            "spec.ecosphere.generations of the job holds no fields");
}

}  // namespace
}  // namespace eoa::sweep
