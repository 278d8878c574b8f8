#include <gtest/gtest.h>

#include "operator/plan/observed.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

ObjectPtr Pod(const std::string& name, const std::string& status) {
  json pod = {{"metadata", {{"name", name}, {"labels", {{"eoa.io/population", "wolves"}}}}}};
  pod["status"] = json::parse(status);
  return std::make_shared<const json>(std::move(pod));
}

PodsView Look(const std::vector<ObjectPtr>& pods) { return LookAtPods(pods, "wolves"); }

const char* const kReady = R"({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
  "containerStatuses": [{"name": "trainer", "restartCount": 2,
                         "lastState": {"terminated": {"exitCode": 76, "reason": "Error"}}}]})";

TEST(Pods, AreCountedByPopulation) {
  const PodsView view = Look({Pod("w-0", kReady), Pod("w-1", R"({"phase": "Pending"})")});
  EXPECT_EQ(view.pods, 2);
  EXPECT_EQ(view.ready, 1);
  EXPECT_EQ(view.restarts, 2);
  EXPECT_EQ(view.message, "") << "a pod that is on its way is no trouble";
  EXPECT_EQ(LookAtPods({Pod("w-0", kReady)}, "whales").pods, 0);
}

TEST(Pods, ThatNoNodeCanHoldTellTheSchedulersWords) {
  const PodsView view = Look({Pod("w-0", R"({"phase": "Pending", "conditions": [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: Insufficient cpu"}]})")});
  EXPECT_EQ(view.reason, "Unschedulable");
  EXPECT_EQ(view.message, "pod w-0: 0/1 nodes: Insufficient cpu");
}

TEST(Pods, WhoseImageCannotBePulledNameIt) {
  const PodsView view = Look({Pod("w-0", R"({"containerStatuses": [{"name": "trainer", "image": "eoa:none",
    "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling"}}}]})")});
  EXPECT_EQ(view.reason, "ImagePullBackOff");
  EXPECT_EQ(view.message, "pod w-0: ImagePullBackOff: image eoa:none: Back-off pulling");
}

TEST(Pods, ThatRanOutOfMemoryOrEndedSayHow) {
  EXPECT_EQ(Look({Pod("w-0", R"({"containerStatuses": [{"name": "trainer",
    "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]})")})
                .reason,
            "OOMKilled");
  const PodsView failed = Look({Pod("w-0", R"({"containerStatuses": [{"name": "trainer",
    "state": {"terminated": {"exitCode": 64, "message": "no such flag"}}}]})")});
  EXPECT_EQ(failed.reason, "TrainerFailed");
  EXPECT_EQ(failed.message, "pod w-0: the trainer ended with exit code 64: no such flag");
}

}  // namespace
}  // namespace eoa::plan
