#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/plan/observed.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

ObjectPtr Pod(const std::string& name, const std::string& status) {
  json pod = {{"metadata", {{"name", name}, {"labels", {{"eoa.io/population", "wolves"}}}}}};
  pod["status"] = json::parse(status);
  return std::make_shared<const json>(std::move(pod));
}

PodsView Look(const std::vector<ObjectPtr>& pods) { return LookAtPods(pods, "wolves", kNow); }

const char* const kReady = R"({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
  "containerStatuses": [{"name": "trainer", "restartCount": 2,
                         "lastState": {"terminated": {"exitCode": 76, "reason": "Error"}}}]})";

TEST(Pods, AreCountedByPopulation) {
  const PodsView view = Look({Pod("w-0", kReady), Pod("w-1", R"({"phase": "Pending"})")});
  EXPECT_EQ(view.pods, 2);
  EXPECT_EQ(view.ready, 1);
  EXPECT_EQ(view.restarts, 2);
  EXPECT_EQ(view.message, "") << "a pod that is on its way is no trouble";
  EXPECT_EQ(LookAtPods({Pod("w-0", kReady)}, "whales", kNow).pods, 0);
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

TEST(Pods, WhoseImageCannotBePulledSayTheSameWhateverTheKubeletCallsItNow) {
  const auto waits = [](const std::string& reason, const std::string& message) {
    return Look({Pod(
        "w-0", R"({"containerStatuses": [{"name": "trainer", "image": "eoa:none", "state": {"waiting": {"reason": ")" +
                   reason + R"(", "message": ")" + message + R"("}}}]})")});
  };
  const PodsView pull = waits("ErrImagePull", "eoa:none: not found");
  const PodsView back_off = waits("ImagePullBackOff", "Back-off pulling image: ErrImagePull: eoa:none: not found");
  EXPECT_EQ(pull.reason, back_off.reason);
  EXPECT_EQ(pull.message, back_off.message);
  EXPECT_EQ(pull.message, "pod w-0: ImagePullBackOff: image eoa:none: eoa:none: not found");
}

TEST(Pods, OfOnePopulationTellTheSameInAnyOrder) {
  const char* const crashed = R"({"containerStatuses": [{"name": "trainer", "restartCount": 1,
    "state": {"terminated": {"exitCode": 1}}}]})";
  const PodsView one = Look({Pod("w-0", crashed), Pod("w-1", crashed)});
  EXPECT_EQ(one.message, Look({Pod("w-1", crashed), Pod("w-0", crashed)}).message);
  EXPECT_EQ(one.restarts, 1) << "a gang that falls together restarts once";
}

TEST(Pods, ThatEndWithACodeThatIsNotRetriedAreHopeless) {
  const auto ended = [](int code) {
    return Look(
        {Pod("w-0", R"({"containerStatuses": [{"name": "trainer", "state": {"waiting": {"reason": "CrashLoopBackOff"}},
      "lastState": {"terminated": {"exitCode": )" +
                        std::to_string(code) + "}}}]}")});
  };
  for (const int code : {64, 65, 66}) EXPECT_TRUE(ended(code).hopeless) << code;
  for (const int code : {1, 75, 76, 77, 137, 143}) EXPECT_FALSE(ended(code).hopeless) << code;
}

TEST(Pods, OnALostNodeAreNamedOnceTheyShouldBeGone) {
  json pod = *Pod("w-0", R"({"phase": "Running"})");
  pod["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z";  // kNow
  pod["spec"]["nodeName"] = "node-7";
  const std::vector<ObjectPtr> pods = {std::make_shared<const json>(pod)};
  EXPECT_EQ(Look(pods).message, "");
  EXPECT_TRUE(Look(pods).terminating);
  const PodsView late = LookAtPods(pods, "wolves", kNow + std::chrono::seconds(61));
  EXPECT_EQ(late.reason, "PodNotDeleted");
  EXPECT_NE(late.message.find("node-7"), std::string::npos) << late.message;
}

}  // namespace
}  // namespace eoa::plan
