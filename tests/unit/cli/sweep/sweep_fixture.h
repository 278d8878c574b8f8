// Sweeps for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "cli/sweep/plan.h"
#include "common/document/json_document.h"
#include "common/document/read_yaml.h"

namespace eoa::sweep {

inline constexpr const char* kTestJob = R"(
apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata: {name: job, labels: {team: vision}}
spec:
  seed: 7
  trainer:
    model: {name: wrn-10-1}
    dataset: {name: cifar10, path: data}
    batchSizePerMember: 32
  ecosphere: {generations: 12, baseLearningRate: 0.05}
  populations:
  - {name: wolves, algorithm: {name: GreyWolf}, members: 4}
  - {name: whales, algorithm: {name: Whale}, members: 4}
)";

// What stands in front of `spec` in sweep files of tests.
inline std::string SweepText(const std::string& spec) {
  return "apiVersion: eoa.io/v1alpha1\nkind: Sweep\nmetadata: {name: rates}\nspec:\n" + spec;
}

inline constexpr const char* kTestSpec = R"(  job: job.yaml
  seeds: 2
  arms:
  - name: today
  - name: cosine
    set:
      spec.populations[*].algorithm: {name: Fixed, schedule: Cosine}
      spec.populations[*].initialScaling: Linear
  matrix:
    spec.ecosphere.baseLearningRate: [0.05, 0.5]
  compareWith: cosine
)";

inline nlohmann::ordered_json TestDocument() {
  return api::NodeToJson(*api::ReadYaml(kTestJob, {"an", "EOAJob"}).root);
}

inline PlanOutcome PlanOf(const std::string& spec) {
  const SweepOutcome read = ReadSweep(SweepText(spec));
  EXPECT_TRUE(read.sweep) << (read.mistakes.empty() ? "" : api::ToString(read.mistakes[0], "sweep.yaml"));
  return read.sweep ? Expand(*read.sweep, TestDocument()) : PlanOutcome();
}

}  // namespace eoa::sweep
