#include "operator/plan/children.h"

#include <algorithm>

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

TEST(Children, KeepCheckpointsOnClaimsOfTheirSizeWhereTheClusterMakesVolumes) {
  const json spec = SetOf(Children(kSettings, SmallJob(), {.claims_by_default = true}), "small-wolves").at("spec");
  const json& claim = spec.at("volumeClaimTemplates").at(0).at("spec");
  EXPECT_EQ(claim.at("accessModes").at(0), "ReadWriteOnce");
  EXPECT_EQ(claim.at("resources").at("requests").at("storage"), "2Gi");
  api::Job job = SmallJob();
  job.spec.checkpoint.storage = api::Storage::kPod;
  EXPECT_FALSE(SetOf(Children(kSettings, job, {.claims_by_default = true}), "small-wolves")
                   .at("spec")
                   .contains("volumeClaimTemplates"));
}

// A volume, by its name.
json Volume(const json& pod, const std::string& name) {
  json found;
  for (const json& volume : pod.at("spec").at("volumes")) {
    if (volume.at("name") != name) continue;
    EXPECT_TRUE(found.is_null()) << name << " is there twice";
    found = volume;
  }
  return found;
}

TEST(Children, UseVolumesMountsPortsAndVariablesOfTheUsers) {
  api::Job job = SmallJob();
  job.spec.pod_template = json::parse(R"({"spec": {
    "terminationGracePeriodSeconds": 120,
    "volumes": [{"name": "checkpoints", "persistentVolumeClaim": {"claimName": "nfs"}},
                {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}},
                {"name": "eoa-tmp", "emptyDir": {"sizeLimit": "1Gi"}}],
    "containers": [{"name": "trainer",
      "volumeMounts": [{"name": "dshm", "mountPath": "/dev/shm"}],
      "ports": [{"name": "metrics", "containerPort": 2112}],
      "env": [{"name": "EOA_LISTEN", "value": "::"}, {"name": "EOA_BROKER", "value": "http://proxy"},
              {"name": "EOA_THREADS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]}]}})");
  const json set = SetOf(Children(kSettings, job, {.claims_by_default = true}), "small-wolves");
  EXPECT_FALSE(set.at("spec").contains("volumeClaimTemplates"));
  const json& pod = set.at("spec").at("template");
  EXPECT_EQ(Volume(pod, "checkpoints").at("persistentVolumeClaim").at("claimName"), "nfs");
  EXPECT_EQ(Volume(pod, "eoa-tmp").at("emptyDir").at("sizeLimit"), "1Gi");
  const json& trainer = pod.at("spec").at("containers").at(0);
  std::vector<std::string> folders;
  for (const json& mount : trainer.at("volumeMounts")) folders.push_back(mount.at("mountPath"));
  std::ranges::sort(folders);
  EXPECT_EQ(std::ranges::adjacent_find(folders), folders.end()) << "the API server refuses two mounts of one path";
  EXPECT_EQ(Variable(trainer, "EOA_LISTEN").at("value"), "::");
  EXPECT_EQ(Variable(trainer, "EOA_BROKER").at("value"), "http://proxy");
  EXPECT_FALSE(Variable(trainer, "EOA_THREADS").contains("value"));
  EXPECT_EQ(Variable(trainer, "EOA_METRICS_LISTEN").at("value"), ":2112");
  EXPECT_EQ(Variable(trainer, "EOA_GRACE_SECONDS").at("value"), "115");
  EXPECT_EQ(trainer.at("ports").size(), 1);
  EXPECT_EQ(Variable(trainer, "EOA_DIRECTORY").at("value"), "/checkpoints/small-uid-1/$(EOA_POD_NAME)")
      << "pods may share the volume";
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
