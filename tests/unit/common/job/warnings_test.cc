// Jobs that are allowed but hardly meant.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/job/read_job.h"
#include "tests/unit/common/job/job_text.h"

namespace eoa::api {
namespace {

std::vector<std::string> WarnedFields(const std::map<int, std::string>& replacements) {
  const JobOutcome outcome = ReadJob(JobText(replacements));
  EXPECT_TRUE(outcome.job.has_value()) << (outcome.mistakes.empty() ? "" : ToString(outcome.mistakes[0], ""));
  std::vector<std::string> fields;
  for (const Mistake& warning : outcome.warnings) fields.push_back(warning.field);
  return fields;
}

std::map<int, std::string> Whale(const std::string& step, double base_learning_rate) {
  return {{11, "  - {name: whales, algorithm: {name: Whale, step: " + step + "}, members: 4}"},
          {12, "  ecosphere: {baseLearningRate: " + std::to_string(base_learning_rate) + "}"}};
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Warnings, AreAbsentForUsualJobs) {
  EXPECT_THAT(WarnedFields({}), IsEmpty());
  EXPECT_THAT(WarnedFields(Whale("Affine", 0.1)), IsEmpty());
  EXPECT_THAT(WarnedFields(Whale("Proportional", 0.1)), IsEmpty());
  EXPECT_THAT(WarnedFields(Whale("Scaled", 0.0001)), IsEmpty());
}

TEST(Warnings, TellOfStepsThatDoNotSuitTheLearningRate) {
  const std::string field = "spec.populations[1].algorithm.step";
  EXPECT_THAT(WarnedFields(Whale("Affine", 0.01)), ElementsAre(field));
  EXPECT_THAT(WarnedFields(Whale("Affine, stepScale: 0.001", 0.1)), ElementsAre(field));
  EXPECT_THAT(WarnedFields(Whale("Proportional", 0.001)), ElementsAre(field));
  EXPECT_THAT(WarnedFields(Whale("Canonical, space: Log", 0.1)), ElementsAre(field));
  EXPECT_THAT(WarnedFields(Whale("Scaled, space: Log", 0.1)), IsEmpty());
}

TEST(Warnings, TellOfStartsBeyondTheBounds) {
  EXPECT_THAT(WarnedFields(Whale("Scaled, maxLearningRate: 0.2", 0.1)),
              ElementsAre("spec.populations[1].algorithm.maxLearningRate"));
  EXPECT_THAT(WarnedFields(Whale("Scaled, minLearningRate: 1", 0.1)),
              ElementsAre("spec.populations[1].algorithm.minLearningRate"));
}

TEST(Warnings, TellOfWolvesThatCannotRaiseTheirLearningRates) {
  const auto packs = [](const std::string& step) -> std::map<int, std::string> {
    return {{10, "  - {name: wolves, algorithm: {name: GreyWolf, step: " + step + "}, members: 4}"},
            {11, "  - {name: dogs, algorithm: {name: GreyWolf, step: " + step + "}, members: 4}"}};
  };
  EXPECT_THAT(WarnedFields(packs("Scaled")), ElementsAre("spec.populations"));
  EXPECT_THAT(WarnedFields(packs("Canonical")), IsEmpty());
}

TEST(Warnings, TellOfSettingsWithoutEffectOrSense) {
  EXPECT_THAT(WarnedFields({{8, JobLines()[7] + "\n    optimizer: {name: adamw}"}}),
              ElementsAre("spec.ecosphere.baseLearningRate"));
  EXPECT_THAT(WarnedFields({{8, JobLines()[7] + "\n    optimizer: {rho: 0.5}"}}),
              ElementsAre("spec.trainer.optimizer.rho"));
  EXPECT_THAT(WarnedFields({{7, "    model: {name: wrn-16-8, stem: Cifar}"}}), ElementsAre("spec.trainer.model.stem"));
  EXPECT_THAT(WarnedFields({{12, "  ecosphere: {fitnessSamples: 50}"}}), ElementsAre("spec.ecosphere.fitnessSamples"));
  EXPECT_THAT(WarnedFields({{8, "    dataset: {name: cifar10, path: a, validationFraction: 0.001}"}}),
              ElementsAre("spec.trainer.dataset.validationFraction"));
  EXPECT_THAT(WarnedFields({{12, "  checkpoint: {everyGenerations: 201}"}}),
              ElementsAre("spec.checkpoint.everyGenerations"));
}

}  // namespace
}  // namespace eoa::api
