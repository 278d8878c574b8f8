// Where checkpoints and the model are, and what becomes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/plan/plan_fixture.h"

namespace eoa::plan {
namespace {

using testing::HasSubstr;

TEST(PlanStorage, KeepsThePodThatAloneHasTheModelUntilItIsFetched) {
  Cluster cluster;
  cluster.Run();
  EXPECT_EQ(cluster.condition(ConditionType::kDurable).status, ConditionStatus::kFalse);
  EXPECT_THAT(cluster.events_, testing::Contains("InPods"));
  cluster.Decide(3);
  cluster.Finish("wolves");
  cluster.Finish("whales");
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kSucceeded);
  EXPECT_EQ(cluster.Replicas("small-wolves"), 1) << "its first pod has the model";
  EXPECT_EQ(cluster.Replicas("small-whales"), 0);
  EXPECT_THAT(cluster.events_, testing::Contains("ModelKept"));
  EXPECT_TRUE(cluster.deleted_.empty());
  cluster.seen_.fetched = true;
  cluster.Settle();
  EXPECT_EQ(cluster.Replicas("small-wolves"), 0);
}

TEST(PlanStorage, RemovesAllPodsWhereThatIsAskedForOrTheModelIsOnAClaim) {
  Cluster asked;
  asked.seen_.job->spec.run_policy.clean_pod_policy = api::CleanPodPolicy::kRunning;
  Cluster durable;
  durable.seen_.default_storage_class = true;
  for (Cluster* cluster : {&asked, &durable}) {
    cluster->Run();
    cluster->Decide(3);
    cluster->Finish("wolves");
    cluster->Finish("whales");
    cluster->Settle();
    EXPECT_EQ(cluster->Replicas("small-wolves"), 0);
  }
  const json* policy = nullptr;
  for (const JsonPtr& set : durable.seen_.stateful_sets) {
    policy = &set->at("spec").at("persistentVolumeClaimRetentionPolicy");
    EXPECT_EQ(policy->at("whenDeleted"), "Retain") << "nobody has the model yet";
  }
  durable.seen_.fetched = true;
  durable.Settle();
  for (const JsonPtr& set : durable.seen_.stateful_sets) {
    EXPECT_EQ(set->at("spec").at("persistentVolumeClaimRetentionPolicy").at("whenDeleted"), "Delete");
  }
}

TEST(PlanStorage, NeverDeletesAFinishedJobUnlessItIsToldWhen) {
  Cluster cluster;
  cluster.Run();
  cluster.Decide(3);
  cluster.Finish("wolves");
  cluster.Finish("whales");
  cluster.Settle();
  EXPECT_FALSE(cluster.requeue_.has_value());
  cluster.now_ += std::chrono::hours(24 * 365);
  cluster.Settle();
  EXPECT_TRUE(cluster.deleted_.empty());
}

TEST(PlanStorage, SaysOfASuspendedJobWhetherItGoesOnOrBeginsAgain) {
  for (const bool durable : {false, true}) {
    Cluster cluster;
    cluster.seen_.default_storage_class = durable;
    cluster.Run();
    cluster.attempts_ = 1;
    EXPECT_EQ(cluster.condition(ConditionType::kDurable).status,
              durable ? ConditionStatus::kTrue : ConditionStatus::kFalse);
    EXPECT_EQ(cluster.condition(ConditionType::kDurable).reason, durable ? "OnClaims" : "InPods");
    cluster.seen_.job->spec.suspend = true;
    cluster.Settle();
    EXPECT_THAT(cluster.condition(ConditionType::kSuspended).message,
                HasSubstr(durable ? "checkpoints are kept" : "training will begin again"));
  }
}

TEST(PlanStorage, StaysWithTheStorageThatItsStatefulSetsWereMadeWith) {
  Cluster cluster;
  cluster.Run();
  cluster.seen_.default_storage_class = true;
  EXPECT_EQ(cluster.Settle(), 0) << "claims of a StatefulSet cannot change";
}

}  // namespace
}  // namespace eoa::plan
