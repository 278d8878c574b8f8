// A run of two populations over three generations, as its journal tells it.
#pragma once

#include "cli/report/report_data.h"
#include "common/job/read_job.h"

namespace eoa::report {

inline api::Job TestJob() {
  return api::JobFromText(R"(
apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata: {name: seen, uid: "1"}
spec:
  trainer: {model: {name: wrn-10-1}, dataset: {name: cifar10, path: /data}}
  ecosphere: {generations: 4, generationEpochs: 2}
  populations:
  - {name: wolves, algorithm: {name: GreyWolf}, members: 3}
  - {name: whales, algorithm: {name: Whale}, members: 2}
)",
                          "job.yaml")
      .value();
}

inline api::ReportRequest TestReport(int generation, int members, double rate) {
  api::ReportRequest report{.attempt = 1, .generation = generation, .members = {}, .images_per_second = 100};
  for (int member = 0; member < members; ++member) {
    report.members.push_back({.member = member,
                              .learning_rate = rate + 0.01 * member,
                              .fitness = 0.5 + 0.1 * generation + 0.01 * member,
                              .train_loss = 2.0 - generation,
                              .fitness_loss = member == 0 ? std::nullopt : std::optional(1.5)});
  }
  return report;
}

// Whales are elected in generation 1, wolves otherwise; the whales restarted once.
inline ReportInput TestRun(int generations = 3) {
  ReportInput input{.job = TestJob(), .events = {}, .result = nullptr, .version = "1.2.3"};
  const auto pods = [](const std::string& population, int count) {
    std::vector<broker::AttemptPod> all;
    for (int pod = 0; pod < count; ++pod) all.push_back({population, pod, "i", "127.0.0.1", 1, 2});
    return all;
  };
  input.events.push_back(broker::AttemptStarted{1, 0, pods("wolves", 3)});
  input.events.push_back(broker::AttemptStarted{1, 0, pods("whales", 2)});
  for (int generation = 0; generation < generations; ++generation) {
    const api::ReportRequest wolves = TestReport(generation, 3, 0.1);
    const api::ReportRequest whales = TestReport(generation, 2, 0.3);
    input.events.push_back(broker::ReportAccepted{"wolves", wolves, 0.0});
    input.events.push_back(broker::ReportAccepted{"whales", whales, 1.5});
    const bool whale = generation == 1;
    const api::MemberReport& best = whale ? whales.members[1] : wolves.members[2];
    api::Decision decision;
    decision.generation = generation;
    decision.elected = {whale ? "whales" : "wolves", best.member, best.learning_rate, best.fitness, generation};
    decision.baseline = best.learning_rate;
    decision.closed_by = ClosedBy::kAll;
    input.events.push_back(broker::RoundClosed{"", decision, 1.75});
  }
  input.events.push_back(broker::AttemptStarted{2, 2, pods("whales", 2)});
  return input;
}

}  // namespace eoa::report
