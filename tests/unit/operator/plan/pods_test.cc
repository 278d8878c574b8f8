#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/timestamp.h"
#include "operator/plan/pods.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

JsonPtr Pod(const std::string& name, const std::string& status) {
  json pod = {{"metadata", {{"name", name}, {"labels", {{"eoa.io/population", "wolves"}}}}}};
  pod["status"] = json::parse(status);
  return std::make_shared<const json>(std::move(pod));
}

PodsView Look(const std::vector<JsonPtr>& pods, WallTime now = kNow) { return PodsOf(LookAtPods(pods, now), "wolves"); }

std::string ReasonOf(const PodsView& view) { return view.trouble ? view.trouble->reason : ""; }
std::string MessageOf(const PodsView& view) { return view.trouble ? view.trouble->message : ""; }

const char* const kReady = R"({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
  "containerStatuses": [{"name": "trainer", "restartCount": 2,
                         "lastState": {"terminated": {"exitCode": 76, "reason": "Error"}}}]})";

TEST(Pods, AreCountedByPopulation) {
  const PodsView view = Look({Pod("w-0", kReady), Pod("w-1", R"({"phase": "Pending"})")});
  EXPECT_EQ(view.pods, 2);
  EXPECT_EQ(view.ready, 1);
  EXPECT_EQ(view.restarts, 2);
  EXPECT_EQ(MessageOf(view), "") << "a pod that is on its way is no trouble";
  EXPECT_EQ(PodsOf(LookAtPods({Pod("w-0", kReady)}, kNow), "whales").pods, 0);
}

TEST(Pods, ThatNoNodeCanHoldTellTheSchedulersWords) {
  const PodsView view = Look({Pod("w-0", R"({"phase": "Pending", "conditions": [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: Insufficient cpu"}]})")});
  EXPECT_EQ(ReasonOf(view), "Unschedulable");
  EXPECT_EQ(MessageOf(view), "pod w-0: 0/1 nodes: Insufficient cpu");
}

TEST(Pods, WhoseImageCannotBePulledNameIt) {
  const PodsView view = Look({Pod("w-0", R"({"containerStatuses": [{"name": "trainer", "image": "eoa:none",
    "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling"}}}]})")});
  EXPECT_EQ(ReasonOf(view), "ImagePullBackOff");
  EXPECT_EQ(MessageOf(view), "pod w-0: ImagePullBackOff: image eoa:none: Back-off pulling");
}

TEST(Pods, ThatRanOutOfMemoryOrEndedSayHow) {
  EXPECT_EQ(ReasonOf(Look({Pod("w-0", R"({"containerStatuses": [{"name": "trainer",
    "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]})")})),
            "OOMKilled");
  const PodsView failed = Look({Pod("w-0", R"({"containerStatuses": [{"name": "trainer",
    "state": {"terminated": {"exitCode": 64, "message": "no such flag"}}}]})")});
  EXPECT_EQ(ReasonOf(failed), "TrainerFailed");
  EXPECT_EQ(MessageOf(failed), "pod w-0: the trainer ended with exit code 64: no such flag");
}

TEST(Pods, WhoseImageCannotBePulledSayTheSameWhateverTheKubeletCallsItNow) {
  const auto waits = [](const std::string& reason, const std::string& message) {
    return Look({Pod(
        "w-0", R"({"containerStatuses": [{"name": "trainer", "image": "eoa:none", "state": {"waiting": {"reason": ")" +
                   reason + R"(", "message": ")" + message + R"("}}}]})")});
  };
  const PodsView pull = waits("ErrImagePull", "eoa:none: not found");
  const PodsView back_off = waits("ImagePullBackOff", "Back-off pulling image: ErrImagePull: eoa:none: not found");
  EXPECT_EQ(ReasonOf(pull), ReasonOf(back_off));
  EXPECT_EQ(MessageOf(pull), MessageOf(back_off));
  EXPECT_EQ(MessageOf(pull), "pod w-0: ImagePullBackOff: image eoa:none: eoa:none: not found");
}

TEST(Pods, OfOnePopulationTellTheSameInAnyOrder) {
  const char* const crashed = R"({"containerStatuses": [{"name": "trainer", "restartCount": 1,
    "state": {"terminated": {"exitCode": 1}}}]})";
  const PodsView one = Look({Pod("w-0", crashed), Pod("w-1", crashed)});
  EXPECT_EQ(MessageOf(one), MessageOf(Look({Pod("w-1", crashed), Pod("w-0", crashed)})));
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
  const std::vector<JsonPtr> pods = {std::make_shared<const json>(pod)};
  EXPECT_EQ(MessageOf(Look(pods)), "");
  EXPECT_TRUE(Look(pods).terminating);
  const PodsView late = Look(pods, kNow + std::chrono::seconds(61));
  EXPECT_EQ(ReasonOf(late), "PodNotDeleted");
  EXPECT_NE(MessageOf(late).find("node-7"), std::string::npos) << MessageOf(late);
}

JsonPtr Deleted(const JsonPtr& pod) {
  json deleted = *pod;
  deleted["metadata"]["deletionTimestamp"] = FormatTimestamp(kNow);
  return std::make_shared<const json>(std::move(deleted));
}

TEST(Pods, ThatAreTakenAwayFromOutsideSayByWhom) {
  EXPECT_EQ(Look({Pod("w-0", kReady)}).disruption, "");
  EXPECT_EQ(Look({Deleted(Pod("w-0", kReady))}).disruption, "pod w-0 is being deleted");
  EXPECT_EQ(Look({Pod("w-0", R"({"phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True",
    "reason": "PreemptionByScheduler", "message": "preempting to accommodate a higher priority pod"}]})")})
                .disruption,
            "pod w-0: PreemptionByScheduler: preempting to accommodate a higher priority pod");
  // One that failed by itself is deleted by its StatefulSet, which makes another.
  EXPECT_EQ(Look({Deleted(Pod("w-0", R"({"phase": "Failed", "reason": "Evicted"})"))}).disruption, "");
  EXPECT_EQ(
      Look({Pod("w-0", R"({"phase": "Running", "conditions": [{"type": "DisruptionTarget", "status": "False"}]})")})
          .disruption,
      "");
}

}  // namespace
}  // namespace eoa::plan
