// What a job's pod templates must not hold: what the operator could only replace in silence.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/job/read_job.h"

namespace eoa::api {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The mistakes of a job with `more` in its spec, one a line.
std::string MistakesOf(const std::string& more) {
  const Result<Job> job = JobFromText(R"(
apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata: {name: small}
spec:
  trainer:
    model: {name: wrn-10-1}
    dataset: {name: cifar10, path: /data}
  populations:
  - {name: wolves, algorithm: {name: Whale}, members: 3}
)" + more,
                                      "small.yaml");
  return job.ok() ? "" : job.error().message();
}

TEST(Templates, MayGiveVolumesPortsAndVariablesThatTrainersUse) {
  EXPECT_EQ(MistakesOf(R"(  template:
    spec:
      restartPolicy: Always
      volumes: [{name: checkpoints, persistentVolumeClaim: {claimName: nfs}}, {name: eoa-shm, emptyDir: {}}]
      containers:
      - name: trainer
        ports: [{name: metrics, containerPort: 2112}]
        env: [{name: EOA_LISTEN, value: "::"}, {name: EOA_THREADS, value: "2"}]
        volumeMounts: [{name: dshm, mountPath: /dev/shm}]
)"),
            "");
}

TEST(Templates, AreRefusedWhereWhatTheyGiveWouldBeReplaced) {
  const auto with = [](const std::string& spec) { return MistakesOf("  template: {spec: " + spec + "}\n"); };
  EXPECT_THAT(with("{restartPolicy: Never}"),
              AllOf(HasSubstr("spec.template.spec.restartPolicy"), HasSubstr("Always")));
  EXPECT_THAT(with("{containers: [{name: trainer, env: [{name: EOA_JOB, value: x}]}]}"),
              HasSubstr("spec.template.spec.containers[trainer].env[EOA_JOB]"));
  EXPECT_THAT(with("{volumes: [{name: eoa-token, emptyDir: {}}]}"), HasSubstr("spec.template.spec.volumes[eoa-token]"));
  EXPECT_THAT(with("{containers: [{name: trainer, volumeMounts: [{name: a, mountPath: /etc/eoa}]}]}"),
              HasSubstr("volumeMounts[a].mountPath"));
}

TEST(Templates, WithContainersNameOneTrainer) {
  EXPECT_THAT(MistakesOf("  template: {spec: {containers: [{name: pytorch, image: mine}]}}\n"),
              AllOf(HasSubstr("spec.template.spec.containers"), HasSubstr("'pytorch'"), HasSubstr("called trainer")));
  EXPECT_EQ(MistakesOf("  template: {spec: {containers: [{name: logs, image: mine}, {name: trainer}]}}\n"), "");
}

TEST(Templates, LeaveNoDoubtWhereCheckpointsAre) {
  const std::string claim = "  checkpoint: {volumeClaim: {accessModes: [ReadWriteOnce]}}\n";
  EXPECT_THAT(MistakesOf(claim + "  template: {spec: {volumes: [{name: checkpoints, emptyDir: {}}]}}\n"),
              HasSubstr("volumes[checkpoints]"));
  EXPECT_THAT(MistakesOf("  checkpoint: {storage: Pod, volumeClaim: {accessModes: [ReadWriteOnce]}}\n"),
              HasSubstr("spec.checkpoint.storage"));
}

}  // namespace
}  // namespace eoa::api
