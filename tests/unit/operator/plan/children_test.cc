#include "operator/plan/children.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/job/read_job.h"
#include "operator/plan/names.h"
#include "tests/unit/operator/plan/job_fixture.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

const TrainerSettings kSettings{.image = "eoa-trainer:test", .broker_url = "http://eoa-broker.eoa-system.svc:8080"};

json SetOf(const std::vector<json>& children, const std::string& name) {
  for (const json& child : children) {
    if (child.at("kind") == "StatefulSet" && child.at("metadata").at("name") == name) return child;
  }
  ADD_FAILURE() << "no StatefulSet " << name;
  return json::object();
}

json Variable(const json& container, const std::string& name) {
  for (const json& entry : container.at("env")) {
    if (entry.at("name") == name) return entry;
  }
  ADD_FAILURE() << "no variable " << name;
  return json::object();
}

TEST(Children, AreAServiceTheJobAndOneStatefulSetForEachPopulation) {
  const std::vector<json> children = Children(kSettings, SmallJob(), {});
  ASSERT_EQ(children.size(), 4);
  EXPECT_EQ(children[0].at("kind"), "Service");
  EXPECT_EQ(children[0].at("metadata").at("name"), "small");
  EXPECT_EQ(children[0].at("spec").at("publishNotReadyAddresses"), true);
  EXPECT_EQ(children[1].at("metadata").at("name"), "small-job");
  EXPECT_EQ(children[2].at("metadata").at("name"), "small-wolves");
  EXPECT_EQ(children[3].at("metadata").at("name"), "small-whales");
  for (const json& child : children) {
    const json& owner = child.at("metadata").at("ownerReferences").at(0);
    EXPECT_EQ(owner.at("uid"), "uid-1");
    EXPECT_EQ(owner.at("controller"), true);
    EXPECT_EQ(child.at("metadata").at("labels").at(std::string(kJobUidLabel)), "uid-1");
  }
}

TEST(Children, CarryTheJobAsTrainersReadIt) {
  const std::vector<json> children = Children(kSettings, SmallJob(), {});
  const Result<api::Job> read = api::JobFromText(children[1].at("data").at("job.json").get<std::string>(), "job.json");
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(read->metadata.uid, "uid-1");
  EXPECT_EQ(read->spec.ecosphere.generations, 4);
}

TEST(Children, GiveATrainerWhatItAsksFor) {
  const json set = SetOf(Children(kSettings, SmallJob(), {}), "small-wolves");
  EXPECT_EQ(set.at("spec").at("replicas"), 3);
  EXPECT_EQ(set.at("spec").at("podManagementPolicy"), "Parallel");
  const json& container = set.at("spec").at("template").at("spec").at("containers").at(0);
  EXPECT_EQ(container.at("image"), "eoa-trainer:test");
  EXPECT_EQ(Variable(container, "EOA_POPULATION").at("value"), "wolves");
  EXPECT_EQ(Variable(container, "EOA_BROKER").at("value"), kSettings.broker_url);
  EXPECT_EQ(Variable(container, "EOA_ADDRESS").at("valueFrom").at("fieldRef").at("fieldPath"), "status.podIP");
  EXPECT_EQ(Variable(container, "EOA_THREADS").at("value"), "1");
}

TEST(Children, KeepWhatTheUserAsksForAndOverlayAPopulationsOwnTemplate) {
  api::Job job = SmallJob();
  job.spec.pod_template = json::parse(R"({"metadata": {"labels": {"team": "a"}}, "spec": {
    "nodeSelector": {"gpu": "a100"},
    "containers": [{"name": "sidecar", "image": "s"},
                   {"name": "trainer", "image": "mine", "env": [{"name": "X", "value": "1"}],
                    "resources": {"limits": {"cpu": "3500m"}}}]}})");
  job.spec.populations[1].pod_template = json::parse(
      R"({"spec": {"nodeSelector": {"gpu": "h100"}, "containers": [{"name": "trainer", "image": "other"}]}})");
  const std::vector<json> children = Children(kSettings, job, {});
  const json wolves = SetOf(children, "small-wolves").at("spec").at("template");
  EXPECT_EQ(wolves.at("metadata").at("labels").at("team"), "a");
  EXPECT_EQ(wolves.at("spec").at("containers").size(), 2);
  const json& trainer = wolves.at("spec").at("containers").at(1);
  EXPECT_EQ(trainer.at("image"), "mine");
  EXPECT_EQ(Variable(trainer, "X").at("value"), "1");
  EXPECT_EQ(Variable(trainer, "EOA_THREADS").at("value"), "3");
  const json whales = SetOf(children, "small-whales").at("spec").at("template").at("spec");
  EXPECT_EQ(whales.at("nodeSelector").at("gpu"), "h100");
  EXPECT_EQ(whales.at("containers").at(1).at("image"), "other");
}

TEST(Children, KeepCheckpointsOnClaimsWhenTheJobHasOne) {
  api::Job job = SmallJob();
  job.spec.checkpoint.volume_claim = json::parse(R"({"accessModes": ["ReadWriteOnce"]})");
  const json spec = SetOf(Children(kSettings, job, {.pods = true, .keep_claims = false}), "small-wolves").at("spec");
  EXPECT_EQ(spec.at("volumeClaimTemplates").at(0).at("metadata").at("name"), "checkpoints");
  EXPECT_EQ(spec.at("persistentVolumeClaimRetentionPolicy").at("whenDeleted"), "Delete");
  EXPECT_EQ(spec.at("persistentVolumeClaimRetentionPolicy").at("whenScaled"), "Retain");
  for (const json& volume : spec.at("template").at("spec").at("volumes")) EXPECT_NE(volume.at("name"), "checkpoints");
}

TEST(Children, OfTheSameJobAreTheSameAndOfAnotherSizeAreNot) {
  const auto hash = [](const json& child) {
    return child.at("metadata").at("annotations").at(std::string(kHashAnnotation));
  };
  const std::vector<json> children = Children(kSettings, SmallJob(), {});
  EXPECT_EQ(children, Children(kSettings, SmallJob(), {}));
  const std::vector<json> without = Children(kSettings, SmallJob(), {.pods = false});
  EXPECT_EQ(hash(children[0]), hash(without[0]));
  EXPECT_NE(hash(children[2]), hash(without[2]));
  EXPECT_EQ(without[2].at("spec").at("replicas"), 0);
}

TEST(Threads, AreTheWholeProcessorsOfAMember) {
  const auto with = [](const char* limits, int members) {
    return ThreadsOf(json::parse(std::string(R"({"resources": )") + limits + "}"), members);
  };
  EXPECT_EQ(with(R"({"limits": {"cpu": "4"}})", 2), 2);
  EXPECT_EQ(with(R"({"limits": {"cpu": 4}})", 1), 4);
  EXPECT_EQ(with(R"({"requests": {"cpu": "2500m"}})", 1), 2);
  EXPECT_EQ(with(R"({"limits": {"cpu": "500m"}})", 1), 1);
  EXPECT_EQ(with(R"({"limits": {"cpu": "much"}})", 1), 1);
  EXPECT_EQ(ThreadsOf(json::object(), 1), 1);
}

}  // namespace
}  // namespace eoa::plan
