#include "cli/sweep/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/job/read_job.h"
#include "tests/unit/cli/sweep/sweep_fixture.h"

namespace eoa::sweep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> Names(const Plan& plan) {
  std::vector<std::string> names;
  for (const Variant& variant : plan.variants) names.push_back(variant.name);
  return names;
}

std::vector<std::string> Ids(const Plan& plan) {
  std::vector<std::string> ids;
  for (const PlannedRun& run : plan.runs) ids.push_back(run.id);
  return ids;
}

TEST(Expand, HasARunForEachArmValueAndSeedTheSeedsLast) {
  const PlanOutcome outcome = PlanOf(kTestSpec);
  ASSERT_TRUE(outcome.plan) << outcome.mistakes[0].message;
  EXPECT_THAT(Names(*outcome.plan), ElementsAre("today, baseLearningRate 0.05", "today, baseLearningRate 0.5",
                                                "cosine, baseLearningRate 0.05", "cosine, baseLearningRate 0.5"));
  EXPECT_THAT(Ids(*outcome.plan), ElementsAre("today-baselearningrate-0-05-s1", "today-baselearningrate-0-5-s1",
                                              "cosine-baselearningrate-0-05-s1", "cosine-baselearningrate-0-5-s1",
                                              "today-baselearningrate-0-05-s2", "today-baselearningrate-0-5-s2",
                                              "cosine-baselearningrate-0-05-s2", "cosine-baselearningrate-0-5-s2"));
}

TEST(Expand, JobsHaveWhatTheirVariantSetsAndDefaultsThatFollowFromIt) {
  const Plan plan = PlanOf(kTestSpec).plan.value();
  const api::Job today = JobOf(plan, plan.runs[1]);
  EXPECT_EQ(today.spec.ecosphere.base_learning_rate, 0.5);
  EXPECT_EQ(today.spec.populations[1].algorithm.name, api::Algorithm::kWhale);
  EXPECT_EQ(today.spec.populations[1].algorithm.step, api::StepRule::kCanonical);
  const api::Job cosine = JobOf(plan, plan.runs[6]);
  EXPECT_EQ(cosine.spec.seed, 2);
  EXPECT_EQ(cosine.metadata.name, "rates-cosine-baselearningrate-0-05-s2");
  for (const api::PopulationSpec& population : cosine.spec.populations) {
    EXPECT_EQ(population.algorithm.name, api::Algorithm::kFixed);
    EXPECT_EQ(population.algorithm.schedule, "Cosine");
    EXPECT_EQ(population.initial_scaling, api::Scaling::kLinear);
  }
}

TEST(Expand, DocumentsAreJobsForACluster) {
  const Plan plan = PlanOf(kTestSpec).plan.value();
  std::set<std::string> names;
  for (const PlannedRun& run : plan.runs) {
    const nlohmann::ordered_json document = DocumentOf(plan, run);
    EXPECT_EQ(document["metadata"]["labels"]["team"], "vision");
    const Result<api::Job> job = api::JobFromJson(nlohmann::json(document));
    ASSERT_TRUE(job.ok()) << job.error().message();
    EXPECT_EQ(job->spec.seed, run.seed);
    EXPECT_EQ(api::JobToJson(*job)["spec"], api::JobToJson(JobOf(plan, run))["spec"]);
    names.insert(job->metadata.name);
  }
  EXPECT_EQ(names.size(), plan.runs.size());
}

TEST(Expand, NamesThatAreTooLongAreCutAndStillTellRunsApart) {
  const std::string arm(50, 'a');
  const Plan plan = PlanOf("  job: job.yaml\n  arms: [{name: " + arm + "b}, {name: " + arm +
                           "c}]\n  matrix: {spec.ecosphere.baseLearningRate: [0.0000125, 0.0000126]}\n")
                        .plan.value();
  std::set<std::string> names;
  for (const PlannedRun& run : plan.runs) {
    const std::string name = JobOf(plan, run).metadata.name;
    EXPECT_LE(name.size(), 63U);
    names.insert(name);
  }
  EXPECT_EQ(names.size(), plan.runs.size());
}

TEST(Expand, ALongerFileLeavesTheNamesOfTheRunsThatItHad) {
  const std::vector<std::string> before =
      Ids(*PlanOf("  job: job.yaml\n  seeds: 1\n  matrix: {spec.ecosphere.baseLearningRate: [0.1]}\n").plan);
  const std::vector<std::string> after =
      Ids(*PlanOf("  job: job.yaml\n  seeds: 2\n  matrix: {spec.ecosphere.baseLearningRate: [0.01, 0.1]}\n").plan);
  EXPECT_THAT(after, ::testing::IsSupersetOf(before));
}

TEST(Expand, AnArmIsComparedWithTheOneNamedAtTheSameValues) {
  const Plan plan = PlanOf(kTestSpec).plan.value();
  EXPECT_EQ(plan.variants[0].reference, 2U);
  EXPECT_EQ(plan.variants[1].reference, 3U);
  EXPECT_EQ(plan.variants[2].reference, std::nullopt);
  EXPECT_EQ(plan.variants[3].reference, std::nullopt);
}

TEST(Expand, WithoutArmsAVariantIsComparedWithTheFirstOrTheOneNamed) {
  const std::string spec = "  job: job.yaml\n  matrix: {spec.ecosphere.baseLearningRate: [0.1, 0.2]}\n";
  const Plan first = PlanOf(spec).plan.value();
  EXPECT_EQ(first.variants[0].reference, std::nullopt);
  EXPECT_EQ(first.variants[1].reference, 0U);
  const Plan named = PlanOf(spec + "  compareWith: baseLearningRate 0.2\n").plan.value();
  EXPECT_EQ(named.variants[0].reference, 1U);
  EXPECT_EQ(named.variants[1].reference, std::nullopt);
}

std::vector<std::string> MistakesIn(const std::string& spec) {
  std::vector<std::string> texts;
  for (const api::Mistake& mistake : PlanOf(spec).mistakes) texts.push_back(api::ToString(mistake, "sweep.yaml"));
  return texts;
}

TEST(Expand, SaysWhichArmOrValueMakesNoJob) {
  EXPECT_THAT(
      MistakesIn("  job: job.yaml\n  arms:\n  - name: bad\n    set: {\"spec.populations[*].algorithm.name\": Wolf}\n"),
      ElementsAre(StartsWith("sweep.yaml:7:5: spec.arms[0]: value 'bad': makes no valid job: "
                             "spec.populations[0].algorithm.name: value 'Wolf': must be ")));
  EXPECT_THAT(
      MistakesIn("  job: job.yaml\n  matrix:\n    spec.ecosphere.baseLearningRate: [0.1, -1]\n"),
      ElementsAre(StartsWith("sweep.yaml:7:5: spec.matrix.spec.ecosphere.baseLearningRate: value '-1': makes no "
                             "valid job: spec.ecosphere.baseLearningRate: value '-1': must be ")));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  arms: [{name: a, set: {\"spec.populations[3].members\": 2}}]\n"),
              ElementsAre(HasSubstr("spec.arms[0]: spec.populations of the job has 2 items, counted from 0")));
}

TEST(Expand, RefusesWhatCannotBeToldApartOrCompared) {
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  matrix: {spec.ecosphere.generations: [4, 4]}\n"),
              ElementsAre("sweep.yaml: spec: value 'generations 4': occurs twice"));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  arms: [{name: a b}, {name: a-b}]\n"),
              ElementsAre(HasSubstr("its files would be called as those of 'a b': a-b")));
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  arms: [{name: today}]\n  compareWith: cosine\n"),
              ElementsAre("sweep.yaml: spec.compareWith: value 'cosine': must be an arm, such as 'today'"));
}

TEST(Expand, HasABound) {
  std::string values = "1";
  for (int i = 2; i <= 40; ++i) values += ", " + std::to_string(i);
  EXPECT_THAT(MistakesIn("  job: job.yaml\n  matrix:\n    spec.ecosphere.generations: [" + values +
                         "]\n    spec.trainer.batchSizePerMember: [" + values + "]\n"),
              ElementsAre("sweep.yaml: spec: makes more than 1000 variants: take fewer arms, fields or values"));
}

TEST(TrainedBy, CountsPassesOfWorldsOrImagesOfSteps) {
  const api::Job job = JobOf(PlanOf(kTestSpec).plan.value(), {.id = "", .variant = 0, .seed = 1});
  EXPECT_EQ(ToText(TrainedBy(job.spec)), "24 passes");
  api::JobSpec one_world = job.spec;
  one_world.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
  EXPECT_EQ(ToText(TrainedBy(one_world)), "12 passes");
  api::JobSpec steps = job.spec;
  steps.ecosphere.generation_epochs = 0;
  steps.ecosphere.generation_steps = 1000;
  EXPECT_EQ(ToText(TrainedBy(steps)), "3072000 images");  // 12 x 1000 x 8 x 32
}

}  // namespace
}  // namespace eoa::sweep
