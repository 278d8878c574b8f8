// What a job file that is right turns into.
#include "common/job/read_job.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "common/base/json_guard.h"
#include "common/job/schema.h"
#include "tests/unit/common/job/job_text.h"

namespace eoa::api {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Job Read(const std::string& text) {
  const Result<Job> job = JobFromText(text, "job.yaml");
  EXPECT_TRUE(job.ok()) << job.error().message();
  return job.ok() ? *job : Job{};
}

Job ReadWith(int line, const std::string& replacement) { return Read(JobText({{line, replacement}})); }

std::string ReadSource(const std::string& path) {
  const Result<std::string> text = RealFileSystem().ReadFile(std::string(EOA_SOURCE_DIR) + "/" + path, kMaxJobBytes);
  EXPECT_TRUE(text.ok());
  return text.ok() ? *text : "";
}

TEST(ReadJob, FillsInTheDefaultsOfTheShortestJob) {
  const Job job = Read(JobText());
  EXPECT_EQ(job.metadata.name, "cifar10");
  EXPECT_EQ(job.spec.seed, 42);
  EXPECT_EQ(job.spec.trainer.model.image_size, 32);
  EXPECT_EQ(job.spec.trainer.dataset.augmentation, Augmentation::kCifar);
  EXPECT_EQ(job.spec.trainer.optimizer.name, Optimizer::kSgd);
  EXPECT_EQ(job.spec.ecosphere.generations, 200);
  EXPECT_EQ(job.spec.ecosphere.generation_epochs, 1);
  EXPECT_EQ(job.spec.ecosphere.generation_steps, 0);
  EXPECT_EQ(job.spec.ecosphere.base_learning_rate, 0.1);
  EXPECT_EQ(job.spec.ecosphere.exchange.deadline_seconds, 120);
  ASSERT_EQ(job.spec.populations.size(), 2U);
  EXPECT_EQ(job.spec.populations[0].initial_scaling, Scaling::kLinear);
  EXPECT_EQ(job.spec.populations[1].initial_scaling, Scaling::kLinear);
  EXPECT_EQ(job.spec.populations[0].algorithm.step, StepRule::kCanonical);
  EXPECT_EQ(job.spec.populations[0].algorithm.step_scale, 0.25);
  EXPECT_EQ(job.spec.ecosphere.baseline, BaselineRule::kCosineMultiplier);
  EXPECT_EQ(job.spec.populations[0].members_per_pod, 1);
  EXPECT_EQ(job.spec.run_policy.backoff_limit, 10);
}

TEST(ReadJob, DerivesDefaultsFromOtherFields) {
  const std::string folder = "    dataset: {name: imagefolder, path: /data}";
  const Job resnet = Read(JobText({{7, "    model: {name: resnet-18}"}, {8, folder}}));
  EXPECT_EQ(resnet.spec.trainer.model.image_size, 224);
  EXPECT_EQ(resnet.spec.trainer.dataset.augmentation, Augmentation::kImageNet);
  EXPECT_EQ(ReadWith(8, folder).spec.trainer.model.image_size, 32);

  EXPECT_EQ(Read(JobText()).spec.trainer.optimizer.rho, 0.05);
  EXPECT_EQ(ReadWith(8, JobLines()[7] + "\n    optimizer: {name: asam}").spec.trainer.optimizer.rho, 0.5);

  const Job steps = ReadWith(12, "  ecosphere: {generationSteps: 500}");
  EXPECT_EQ(steps.spec.ecosphere.generation_epochs, 0);
  EXPECT_EQ(steps.spec.ecosphere.generation_steps, 500);

  const auto step_scale = [](const std::string& step) {
    const Job job = ReadWith(11, "  - {name: whales, algorithm: {name: Whale, step: " + step + "}, members: 4}");
    const AlgorithmSpec& algorithm = job.spec.populations.at(1).algorithm;
    return algorithm.step_scale_cosine ? 1.0 : algorithm.step_scale;
  };
  EXPECT_EQ(step_scale("Scaled"), 1.0);
  EXPECT_EQ(step_scale("Affine"), 1.0);
  EXPECT_EQ(step_scale("Canonical"), 0.25);
  EXPECT_EQ(step_scale("AffineRelative"), 0.01);
  EXPECT_EQ(step_scale("Proportional"), 0.2);
}

TEST(ReadJob, PrefersWhatTheFileSaysToWhatItWouldDerive) {
  const Job job = ReadWith(11,
                           "  - {name: f, algorithm: {name: Fixed, step: Canonical, stepScale: Cosine}, members: 1, "
                           "initialScaling: None}");
  EXPECT_EQ(job.spec.populations.at(1).initial_scaling, Scaling::kNone);
  EXPECT_TRUE(job.spec.populations.at(1).algorithm.step_scale_cosine);
}

TEST(ReadJob, TakesNullForNotGiven) {
  EXPECT_EQ(ReadWith(12, "  seed:\n  checkpoint: ~\n  ecosphere: {generations: null}").spec.ecosphere.generations, 200);
}

TEST(ReadJob, PassesOverWhatBelongsToKubernetes) {
  const Job job = ReadWith(
      4, "  name: a\n  creationTimestamp: null\n  resourceVersion: \"7\"\n  managedFields: [{manager: kubectl}]");
  EXPECT_EQ(job.metadata.name, "a");
}

TEST(ReadJob, ReadsNumbersHoweverTheyAreWritten) {
  EXPECT_EQ(ReadWith(12, "  seed: 4.0").spec.seed, 4);
  EXPECT_EQ(ReadWith(12, "  seed: 1e3").spec.seed, 1000);
  EXPECT_EQ(ReadWith(12, "  seed: +5").spec.seed, 5);
  EXPECT_EQ(ReadWith(12, "  ecosphere: {baseLearningRate: .5}").spec.ecosphere.base_learning_rate, 0.5);
  EXPECT_EQ(ReadWith(12, "  ecosphere: {baseLearningRate: 1}").spec.ecosphere.base_learning_rate, 1.0);
  EXPECT_EQ(ReadWith(12, "  ecosphere: {baseLearningRate: 1E-3}").spec.ecosphere.base_learning_rate, 0.001);
}

TEST(ReadJob, KeepsPodTemplatesAsTheyAre) {
  const Job job = ReadWith(12, "  template: {spec: {a: [1, 2.5, \"3\", true, null, {b: c}], time: 1:30, empty: {}}}");
  EXPECT_EQ(job.spec.pod_template,
            json::parse(R"({"spec": {"a": [1, 2.5, "3", true, null, {"b": "c"}], "time": "1:30", "empty": {}}})"));
}

// Kubernetes takes 5.0 for no integer, and prints of a job have to read as the same job.
TEST(ReadJob, WholeNumbersInATemplateAreIntegersHoweverTheyAreWritten) {
  const Job job =
      ReadWith(12, "  template: {spec: {a: 5., b: -0.0, c: 1e17, d: 1e300, e: 5.5, f: -9223372036854775808.0}}");
  EXPECT_EQ(job.spec.pod_template.json()["spec"].dump(),
            R"({"a":5,"b":0,"c":100000000000000000,"d":1e+300,"e":5.5,"f":-9223372036854775808})");
  const Result<Job> again = JobFromText(JobToYaml(job), "");
  ASSERT_TRUE(again.ok()) << again.error().ToString();
  EXPECT_EQ(again->spec.pod_template.json().dump(), job.spec.pod_template.json().dump());
}

TEST(ReadJob, ReadsJsonAsWell) {
  const Job job = Read(R"({"apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": "a\u0062"},
    "spec": {"trainer": {"model": {"name": "wrn-10-1"}, "dataset": {"name": "cifar10", "path": "/\"data\""}},
             "populations": [{"name": "w", "algorithm": {"name": "Whale"}, "members": 1}]}})");
  EXPECT_EQ(job.metadata.name, "ab");
  EXPECT_EQ(job.spec.trainer.dataset.path, "/\"data\"");
}

TEST(ReadJob, PassesOverEmptyDocuments) { EXPECT_TRUE(ReadJob("---\n---\n" + JobText() + "---\n").job.has_value()); }

TEST(ReadJob, CollectsAllMistakesByLine) {
  const JobOutcome outcome = ReadJob(JobText({{2, "kind: Pod"},
                                              {7, "    model: {name: wrn-17-8, dropuot: 0.1}"},
                                              {10, "  - {name: wolves, algorithm: {name: GreyWolf}, members: 1}"},
                                              {11, "  - {name: wolves, algorithm: {name: Whale}, members: 4}"},
                                              {12, "  seed: yes\n  checkpoint: {keep: -1}"}}));
  std::vector<int> lines;
  for (const Mistake& mistake : outcome.mistakes) lines.push_back(mistake.mark.line);
  EXPECT_THAT(lines, testing::ElementsAre(2, 7, 7, 10, 11, 12, 13));
}

TEST(ReadJob, GivesTheColumnInCharacters) {
  const JobOutcome outcome = ReadJob(JobText({{4, "  name: a\n  annotations: {a: \"üñí\", b: 1}"}}));
  ASSERT_EQ(outcome.mistakes.size(), 1U);
  EXPECT_EQ(outcome.mistakes[0].mark.line, 5);
  EXPECT_EQ(outcome.mistakes[0].mark.column, 30);
}

TEST(ReadJob, SaysAllInOneErrorForPrograms) {
  const Result<Job> job = JobFromText(JobText({{2, "kind: Pod"}, {12, "  seed: -1"}}), "dir/job.yaml");
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(job.error().message(),
            "dir/job.yaml:2:7: kind: value 'Pod': must be EOAJob\n"
            "dir/job.yaml:12:9: spec.seed: value '-1': must be an integer from 0 to 9007199254740991");
}

TEST(ReadJob, TakesOneToSixtyFourPopulations) {
  const auto mistake = [](const json& populations) {
    json document = JobToJson(Read(JobText()));
    document["spec"]["populations"] = populations;
    const Result<Job> job = JobFromJson(document);
    return job.ok() ? "" : job.error().message();
  };
  json populations = json::array();
  EXPECT_EQ(mistake(populations), "spec.populations: must be a list of 1 to 64 items, not 0");
  EXPECT_EQ(mistake(json::object()), "spec.populations: must be a list of 1 to 64 items, not a mapping");
  for (int i = 0; i < 64; ++i) {
    populations.push_back({{"name", "w" + std::to_string(i)}, {"algorithm", {{"name", "Whale"}}}, {"members", 64}});
  }
  EXPECT_EQ(mistake(populations), "");
  populations[63]["members"] = 65;
  EXPECT_EQ(mistake(populations), "spec.populations: have 4097 members together; at most 4096 are allowed");
  populations.push_back(populations[0]);
  EXPECT_EQ(mistake(populations), "spec.populations: must be a list of 1 to 64 items, not 65");
}

TEST(JobFromJson, NamesFieldsWithoutLines) {
  json document = JobToJson(Read(JobText()));
  document["spec"]["populations"][1]["members"] = 0;
  const Result<Job> job = JobFromJson(document);
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().message(), "spec.populations[1].members: value '0': must be an integer from 1 to 1024");
}

TEST(JobFromJson, RefusesWhatNoTextCouldHold) {
  json document = JobToJson(Read(JobText()));
  document["spec"]["ecosphere"]["baseLearningRate"] = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(JobFromJson(document).ok());
  json deep = 1;
  for (int i = 0; i < 100; ++i) deep = json::array({deep});
  document = JobToJson(Read(JobText()));
  document["spec"]["template"]["deep"] = deep;
  EXPECT_FALSE(JobFromJson(document).ok());
  EXPECT_FALSE(JobFromJson(json(nullptr)).ok());
  EXPECT_FALSE(JobFromJson(json::array()).ok());
}

// Visits every value field of two completed jobs' JSON.
void ExpectNoFieldAtItsDefault(const ObjectSchema& schema, const ordered_json& object, const std::string& path) {
  for (const Field& field : schema.fields) {
    const std::string inner = path + "." + field.name;
    if (field.kind == FieldKind::kIgnored) continue;
    ASSERT_TRUE(object.contains(field.name)) << inner;
    const ordered_json& value = object[field.name];
    if (field.kind == FieldKind::kObject) {
      ExpectNoFieldAtItsDefault(*field.object, value, inner);
    } else if (field.kind == FieldKind::kList) {
      ExpectNoFieldAtItsDefault(*field.object, value[0], inner);
    } else if (!field.required && field.name != "dropout" && field.name != "mode" && field.name != "schedule" &&
               field.name != "probeGenerations") {
      EXPECT_NE(value, DefaultOf(schema, field)) << inner << " must differ from its default in everything.yaml";
    }
  }
}

TEST(JobToJson, RoundTripsEveryField) {
  const Job job = Read(ReadSource("tests/data/jobs/everything.yaml"));
  const ordered_json printed = JobToJson(job);
  ExpectNoFieldAtItsDefault(JobSchema(), printed, "");

  const Result<Job> from_json = JobFromJson(json(printed));
  ASSERT_TRUE(from_json.ok()) << from_json.error().message();
  EXPECT_EQ(DumpJson(JobToJson(*from_json)), DumpJson(printed));
  EXPECT_EQ(DumpJson(JobToJson(Read(DumpJsonPretty(printed)))), DumpJson(printed));
  EXPECT_EQ(DumpJson(JobToJson(Read(JobToYaml(job)))), DumpJson(printed));
}

TEST(JobToJson, HoldsWhatTheFileSays) {
  const ordered_json printed = JobToJson(Read(ReadSource("tests/data/jobs/everything.yaml")));
  EXPECT_EQ(printed["metadata"]["annotations"]["note"], "two\nlines: 'quoted', \"twice\", UTF-8 üñí");
  EXPECT_EQ(printed["spec"]["seed"], 9007199254740991);
  EXPECT_EQ(printed["spec"]["ecosphere"]["baseLearningRate"], 0.30000000000000004);
  EXPECT_EQ(printed["spec"]["trainer"]["optimizer"]["asamForm"], "Original");
  EXPECT_EQ(printed["spec"]["populations"][0]["algorithm"]["stepScale"], 0.02);
  EXPECT_EQ(printed["spec"]["populations"][1]["algorithm"]["schedule"], "/schedules/found.csv");
  EXPECT_EQ(printed["spec"]["runPolicy"]["successPolicy"]["k"], 1);
}

TEST(JobToYaml, QuotesWhatAnotherReaderCouldMistake) {
  const Job job =
      ReadWith(12,
               "  template: {spec: {a: \"yes\", b: \"010\", c: \"null\", d: \"\", e: \"x: y\", f: \"# no\", g: "
               "plain, \"on\": \"1.5\"}}");
  EXPECT_THAT(JobToYaml(job),
              testing::HasSubstr("  template:\n    spec:\n      a: \"yes\"\n      b: \"010\"\n      c: \"null\"\n"
                                 "      d: \"\"\n      e: \"x: y\"\n      f: \"# no\"\n      g: plain\n"
                                 "      \"on\": \"1.5\"\n"));
}

TEST(JobToYaml, WritesNumbersAsPeopleDo) {
  const std::string yaml = JobToYaml(Read(JobText()));
  EXPECT_THAT(yaml, testing::HasSubstr("weightDecay: 0.0005\n"));
  EXPECT_THAT(yaml, testing::HasSubstr("maxLearningRate: 10\n"));
  EXPECT_THAT(yaml, testing::HasSubstr("minLearningRate: 0.000001\n"));
}

}  // namespace
}  // namespace eoa::api
