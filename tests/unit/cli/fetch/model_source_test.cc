#include "cli/fetch/model_source.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/plan/children.h"
#include "tests/unit/operator/plan/job_fixture.h"

namespace eoa::fetch {
namespace {

using nlohmann::json;

json SetOf(const api::Job& job, bool claims) {
  const plan::TrainerSettings settings{.image = "eoa-trainer:test", .broker_url = "http://broker:8080"};
  return plan::Children(settings, job, {.pods = false, .claims_by_default = claims}).at(2);
}

TEST(ServingPod, HasTheVolumeOfTheFirstPodAndNoneOfItsDevices) {
  api::Job job = plan::SmallJob();
  job.spec.pod_template = json::parse(R"({"spec": {"nodeSelector": {"disk": "here"}, "containers": [
    {"name": "trainer", "resources": {"limits": {"nvidia.com/gpu": 8}}}, {"name": "sidecar", "image": "s"}]}})");
  const json pod = ServingPod(SetOf(job, true), "small-wolves-0", "reader", "digest");
  const json& spec = pod.at("spec");
  ASSERT_EQ(spec.at("containers").size(), 1);
  const json& container = spec.at("containers").at(0);
  EXPECT_FALSE(container.contains("resources"));
  EXPECT_EQ(container.at("image"), "eoa-trainer:test");
  EXPECT_EQ(container.at("command").at(1), "serve");
  EXPECT_EQ(spec.at("volumes").at(0).at("persistentVolumeClaim").at("claimName"), "checkpoints-small-wolves-0");
  EXPECT_EQ(container.at("volumeMounts").at(0).at("mountPath"), "/checkpoints");
  EXPECT_EQ(spec.at("nodeSelector").at("disk"), "here") << "the volume may be reachable from there alone";
  EXPECT_EQ(spec.at("securityContext").at("fsGroup"), 65532);
  EXPECT_EQ(pod.at("metadata").at("annotations").at("eoa.io/fetch-key"), "digest");
  EXPECT_FALSE(pod.at("metadata").at("labels").contains("eoa.io/job-uid")) << "it is none of the job's pods";
}

TEST(ServingPod, ReadsTheFirstPodsFolderOfAVolumeThatAllShare) {
  api::Job job = plan::SmallJob();
  job.spec.pod_template =
      json::parse(R"({"spec": {"volumes": [{"name": "checkpoints", "persistentVolumeClaim": {"claimName": "nfs"}}]}})");
  const json spec = ServingPod(SetOf(job, true), "small-wolves-0", "reader", "digest").at("spec");
  EXPECT_EQ(spec.at("volumes").at(0).at("persistentVolumeClaim").at("claimName"), "nfs");
  EXPECT_EQ(spec.at("containers").at(0).at("env").at(0).at("value"), "/checkpoints/small-uid-1/small-wolves-0");
}

TEST(ServingPod, IsNoneWhereFilesWereInThePodAlone) {
  EXPECT_TRUE(ServingPod(SetOf(plan::SmallJob(), false), "small-wolves-0", "reader", "digest").is_null());
}

}  // namespace
}  // namespace eoa::fetch
