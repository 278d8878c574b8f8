#include "operator/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/utf8.h"
#include "tests/unit/operator/plan/plan_fixture.h"

namespace eoa::plan {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(Plan, BringsAJobToItsChildrenAndToRunningWithFewWrites) {
  Cluster cluster;
  const int begin = cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kPending);
  EXPECT_EQ(cluster.seen_.stateful_sets.size(), 2);
  EXPECT_TRUE(cluster.keeps_broker_);
  for (auto& view : cluster.seen_.ecosphere->populations) {
    view.phase = BrokerPhase::kRunning;
    view.attempt = 1;
  }
  const int running = cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kRunning);
  EXPECT_EQ(cluster.condition(ConditionType::kRunning).status, ConditionStatus::kTrue);
  EXPECT_LE(begin + running, 6) << "two more go to the broker's attempts";
  EXPECT_EQ(cluster.Settle(), 0) << "a steady state";
}

TEST(Plan, WritesProgressOncePerElection) {
  Cluster cluster;
  cluster.Run();
  cluster.View("wolves").learning_rates = {0.1};
  cluster.View("wolves").best_fitness = 0.4;
  cluster.View("wolves").generation = 1;
  EXPECT_EQ(cluster.Settle(), 0) << "a report alone is not worth a write";
  cluster.now_ += seconds(60);
  cluster.Decide(0);
  EXPECT_EQ(cluster.Settle(), 1);
  EXPECT_EQ(cluster.status().progress.generation, 1);
  EXPECT_EQ(cluster.status().progress.percent, 25);
  EXPECT_EQ(cluster.status().progress.estimated_seconds_left, 180);
  EXPECT_EQ(cluster.status().elected->population, "wolves");
  EXPECT_EQ(cluster.status().populations[0].fitness, 0.4);
}

TEST(Plan, LatchesTheEndBeforePodsAreTakenAway) {
  Cluster cluster;
  cluster.seen_.default_storage_class = true;
  cluster.Run();
  cluster.Decide(3);
  cluster.Finish("wolves");
  cluster.Finish("whales");
  EXPECT_EQ(cluster.Step(), 1) << "the status alone";
  EXPECT_EQ(cluster.status().phase, JobPhase::kSucceeded);
  EXPECT_EQ(cluster.Replicas("small-wolves"), 3);
  EXPECT_EQ(cluster.status().test_accuracy, 0.6);
  cluster.Settle();
  EXPECT_EQ(cluster.Replicas("small-wolves"), 0);
  EXPECT_FALSE(cluster.keeps_broker_);
  EXPECT_EQ(cluster.condition(ConditionType::kComplete).status, ConditionStatus::kTrue);
  EXPECT_EQ(cluster.Settle(), 0);
}

TEST(Plan, DeletesAFinishedJobAfterItsTime) {
  Cluster cluster;
  cluster.seen_.job->spec.run_policy.ttl_seconds_after_finished = 100;
  cluster.Run();
  cluster.Decide(3);
  cluster.Finish("wolves");
  cluster.Finish("whales");
  cluster.Settle();
  EXPECT_EQ(cluster.requeue_, seconds(100));
  cluster.now_ += seconds(101);
  cluster.Step();
  EXPECT_EQ(cluster.deleted_, (std::vector<std::string>{"EOAJob"}));
}

TEST(Plan, FailsAJobWhosePopulationFailsWithItsError) {
  Cluster cluster;
  cluster.Run();
  cluster.Finish("whales", false, "/data: no such directory");
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kFailed);
  EXPECT_EQ(cluster.condition(ConditionType::kFailed).message, "whales: /data: no such directory");
}

TEST(Plan, CountsAttemptsAndStopsAPopulationThatHasUsedThemUp) {
  Cluster cluster;
  cluster.seen_.job->spec.run_policy.max_population_restarts = 2;
  cluster.Run();
  for (int attempt = 2; attempt <= 3; ++attempt) {
    cluster.View("wolves").attempt = attempt;
    cluster.Settle();
    EXPECT_EQ(cluster.status().populations[0].restarts, attempt - 1);
    EXPECT_EQ(cluster.status().phase, JobPhase::kRunning);
  }
  cluster.View("wolves").attempt = 4;
  cluster.View("wolves").last_error = "a peer was lost";
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kFailed);
  EXPECT_THAT(cluster.condition(ConditionType::kFailed).message, HasSubstr("maxPopulationRestarts"));
  EXPECT_THAT(cluster.condition(ConditionType::kFailed).message, HasSubstr("a peer was lost"));
}

TEST(Plan, TellsWhatKeepsPodsFromStarting) {
  Cluster cluster;
  cluster.Settle();
  cluster.AddPod("whales", json::parse(R"({"containerStatuses": [{"name": "trainer", "image": "x:y",
    "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}]})"));
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kRunning).reason, "ImagePullBackOff");
  EXPECT_THAT(cluster.condition(ConditionType::kRunning).message, HasSubstr("image x:y"));
  EXPECT_THAT(cluster.events_, testing::Contains("ImagePullBackOff"));
  cluster.now_ += seconds(3601);
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kFailed).reason, "PreRunningDeadlineExceeded");
  EXPECT_THAT(cluster.condition(ConditionType::kFailed).message, HasSubstr("image x:y"));
}

TEST(Plan, SuspendsAndResumesWithoutARestart) {
  Cluster cluster;
  cluster.Run();
  cluster.attempts_ = 1;
  cluster.seen_.job->spec.suspend = true;
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kSuspended);
  EXPECT_EQ(cluster.Replicas("small-wolves"), 0);
  EXPECT_FALSE(cluster.keeps_broker_);
  cluster.now_ += seconds(500);
  cluster.seen_.job->spec.suspend = false;
  cluster.Run();
  EXPECT_EQ(cluster.status().phase, JobPhase::kRunning);
  EXPECT_EQ(cluster.condition(ConditionType::kSuspended).status, ConditionStatus::kFalse);
  EXPECT_EQ(cluster.Replicas("small-wolves"), 3);
  EXPECT_EQ(cluster.status().populations[0].attempt, 2);
  EXPECT_EQ(cluster.status().restarts, 0);
  cluster.View("wolves").attempt = 3;
  cluster.Settle();
  EXPECT_EQ(cluster.status().restarts, 1);
}

TEST(Plan, AJobThatIsMadeSuspendedStartsWhenItIsResumed) {
  Cluster cluster;
  cluster.seen_.job->spec.suspend = true;
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kSuspended);
  EXPECT_FALSE(cluster.status().start_time.has_value());
  cluster.now_ += seconds(500);
  cluster.seen_.job->spec.suspend = false;
  cluster.Run();
  EXPECT_EQ(cluster.status().phase, JobPhase::kRunning);
  ASSERT_TRUE(cluster.status().start_time.has_value());
  EXPECT_LT(cluster.now_ - *cluster.status().start_time, seconds(400));
}

TEST(Plan, CountsTheActiveDeadlineAnewAfterAResume) {
  Cluster cluster;
  cluster.seen_.job->spec.run_policy.active_deadline_seconds = 100;
  cluster.Run();
  cluster.now_ += seconds(90);
  cluster.seen_.job->spec.suspend = true;
  cluster.Settle();
  cluster.now_ += seconds(1000);
  cluster.seen_.job->spec.suspend = false;
  cluster.Run();
  EXPECT_EQ(cluster.status().phase, JobPhase::kRunning);
  cluster.now_ += seconds(101);
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kFailed).reason, "ActiveDeadlineExceeded");
}

TEST(Plan, RestartsAPopulationThatDoesNotMove) {
  Cluster cluster;
  cluster.Run();
  cluster.seen_.last_progress = {{"wolves", cluster.now_}, {"whales", cluster.now_}};
  cluster.now_ += seconds(599);
  cluster.Settle();
  EXPECT_TRUE(cluster.restarted_.empty());
  EXPECT_LE(*cluster.requeue_, seconds(1));
  cluster.now_ += seconds(1);
  cluster.seen_.last_progress["whales"] = cluster.now_;
  cluster.Step();
  EXPECT_EQ(cluster.restarted_, (std::vector<std::string>{"wolves"}));
  EXPECT_EQ(cluster.condition(ConditionType::kStalled).status, ConditionStatus::kTrue);
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kStalled).status, ConditionStatus::kFalse);
}

TEST(Plan, PutsBackWhatSomebodyChanged) {
  Cluster cluster;
  cluster.Run();
  json set = *cluster.seen_.stateful_sets[0];
  set["spec"]["replicas"] = 1;
  cluster.seen_.stateful_sets[0] = std::make_shared<const json>(set);
  cluster.seen_.services.clear();
  EXPECT_EQ(cluster.Settle(), 2);
  EXPECT_EQ(cluster.Replicas("small-wolves"), 3);
}

TEST(Plan, LeavesAloneWhatIsNotItsBusiness) {
  Cluster other;
  other.seen_.job->spec.managed_by = "somebody.else/controller";
  EXPECT_EQ(other.Step(), 0);
  Cluster gone;
  gone.seen_.deleting = true;
  EXPECT_EQ(gone.Step(), 0);
}

TEST(Plan, TellsWhatIsWrongWithASpecAndWaitsForABetterOne) {
  Cluster cluster;
  cluster.seen_.job.reset();
  cluster.seen_.invalid = "spec.populations: ...";
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kInitialized).reason, "InvalidSpec");
  EXPECT_EQ(cluster.condition(ConditionType::kInitialized).message, "spec.populations: ...");
  cluster.seen_.job = SmallJob();
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kInitialized).status, ConditionStatus::kTrue);
}

TEST(Plan, IsTerminalForEver) {
  Cluster cluster;
  cluster.Run();
  cluster.Finish("whales", false, "diverged");
  cluster.Settle();
  const api::JobStatus ended = cluster.status();
  cluster.seen_.stateful_sets.clear();
  cluster.seen_.job->spec.suspend = true;
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kFailed);
  EXPECT_EQ(cluster.status().completion_time, ended.completion_time);
  EXPECT_TRUE(cluster.seen_.stateful_sets.empty()) << "nothing is made any more";
}

TEST(Plan, GivesAPopulationUpAtOnceWhenTryingAgainIsHopeless) {
  Cluster cluster;
  cluster.Settle();
  cluster.AddPod("wolves", json::parse(R"({"containerStatuses": [{"name": "trainer", "restartCount": 1,
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"exitCode": 64, "message": "EOA_BROKER is not a URL"}}}]})"));
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kFailed);
  EXPECT_THAT(cluster.condition(ConditionType::kFailed).message, HasSubstr("EOA_BROKER is not a URL"));
}

TEST(Plan, SaysThatPodsAreMissingWhenNothingElseDoes) {
  Cluster cluster;
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kRunning).reason, "PodsStarting");
  EXPECT_LE(cluster.requeue_, seconds(60));
  cluster.now_ += seconds(60);
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kRunning).reason, "PodsMissing");
  EXPECT_THAT(cluster.condition(ConditionType::kRunning).message,
              HasSubstr("kubectl describe statefulset small-wolves"));
}

TEST(Plan, FailsAJobThatLostAPodForGood) {
  Cluster cluster;
  cluster.Run();
  cluster.now_ += seconds(100'000);
  cluster.View("wolves").phase = BrokerPhase::kJoining;
  cluster.AddPod("wolves", json::parse(R"({"phase": "Pending", "conditions": [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: no gpu"}]})"));
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kRunning);
  EXPECT_EQ(cluster.condition(ConditionType::kRunning).reason, "Unschedulable");
  EXPECT_LE(cluster.requeue_, seconds(3600));
  cluster.now_ += seconds(3600);
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kFailed).reason, "PreRunningDeadlineExceeded");
  EXPECT_THAT(cluster.condition(ConditionType::kFailed).message, HasSubstr("no gpu"));
}

TEST(Plan, GoesOnWithoutAPopulationThatTheSuccessPolicyCanDoWithout) {
  Cluster cluster;
  cluster.seen_.job->spec.run_policy.success_policy.type = api::SuccessType::kAny;
  cluster.Run();
  cluster.Finish("whales", false, "diverged");
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kRunning).status, ConditionStatus::kTrue);
  EXPECT_EQ(cluster.condition(ConditionType::kRunning).message, "1 of 2 populations train");
  cluster.now_ += seconds(100'000);
  EXPECT_EQ(cluster.Settle(), 0);
  cluster.Finish("wolves");
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kSucceeded);
}

TEST(Plan, LeavesARefusedChildsConditionAloneUntilItIsApplied) {
  Cluster cluster;
  cluster.Settle();
  cluster.seen_.services.clear();
  api::JobStatus& status = cluster.seen_.status;
  for (api::Condition& condition : status.conditions) {
    if (condition.type == ConditionType::kInitialized)
      condition = {ConditionType::kInitialized,
                   ConditionStatus::kFalse,
                   1,
                   kNoon,
                   std::string(ToWord(Reason::kChildRefused)),
                   "taken"};
  }
  cluster.now_ += seconds(5);
  EXPECT_EQ(Plan(kSettings, cluster.seen_, cluster.now_).status, status) << "trying again is no news";
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kInitialized).status, ConditionStatus::kTrue);
}

TEST(Plan, KeepsTheBrokerOfAJobThatTrainsWhenItsSpecBecomesInvalid) {
  Cluster cluster;
  cluster.Run();
  cluster.seen_.job.reset();
  cluster.seen_.invalid = "spec.runPolicy: ...";
  cluster.Step();
  EXPECT_TRUE(cluster.keeps_broker_);
}

// Its store fails like this; `lasting` seconds between the first and the last try.
broker::StoreFault Fault(Error error, int lasting = 0) {
  return {.error = std::move(error), .lasting = seconds(lasting)};
}

TEST(Plan, AStoreThatFailsIsToldInTheServersWordsAndSoIsItsRecovery) {
  Cluster cluster;
  cluster.Run();
  cluster.seen_.store_fault = Fault({ErrorCode::kPermissionDenied, "exceeded quota: count/configmaps"});
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kExchange).status, ConditionStatus::kFalse);
  EXPECT_EQ(cluster.condition(ConditionType::kExchange).reason, "StoreRefused");
  EXPECT_THAT(cluster.condition(ConditionType::kExchange).message, HasSubstr("exceeded quota"));
  EXPECT_EQ(std::count(cluster.events_.begin(), cluster.events_.end(), "StoreRefused"), 1);
  EXPECT_EQ(cluster.status().phase, JobPhase::kRunning) << "populations go on without each other";
  EXPECT_TRUE(cluster.requeue_) << "it is looked at again";
  cluster.seen_.store_fault.reset();
  cluster.Settle();
  EXPECT_EQ(cluster.condition(ConditionType::kExchange).status, ConditionStatus::kTrue);
  EXPECT_EQ(cluster.condition(ConditionType::kExchange).reason, "RoundsStored");
}

TEST(Plan, AJobWhoseRoundsCannotBeStoredFailsInTheEndWithTheReason) {
  for (const auto& [error, reason] : {std::pair(DataLossError("x-rounds-0 is missing"), "StoreLost"),
                                      std::pair(ResourceExhaustedError("64 MiB"), "StoreFull"),
                                      std::pair(FailedPreconditionError("another owner"), "StoreRefused")}) {
    Cluster cluster;
    cluster.Run();
    cluster.seen_.store_fault = Fault(error, 899);
    cluster.Settle();
    EXPECT_EQ(cluster.status().phase, JobPhase::kRunning);
    cluster.seen_.store_fault = Fault(error, 900);
    cluster.Settle();
    EXPECT_EQ(cluster.status().phase, JobPhase::kFailed);
    EXPECT_EQ(cluster.condition(ConditionType::kFailed).reason, reason);
    EXPECT_THAT(cluster.condition(ConditionType::kFailed).message, HasSubstr(error.message()));
  }
}

TEST(Plan, AJobOutlastsAnApiServerThatIsAway) {
  Cluster cluster;
  cluster.Run();
  cluster.seen_.store_fault = Fault(UnavailableError("connection refused"), 100'000);
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kRunning);
  EXPECT_EQ(cluster.condition(ConditionType::kExchange).status, ConditionStatus::kUnknown);
  EXPECT_EQ(cluster.condition(ConditionType::kExchange).reason, "StoreUnavailable");
}

TEST(Plan, AttemptsThatTheBrokerExcusesAreNoRestarts) {
  Cluster cluster;
  cluster.Run();
  cluster.View("wolves").attempt = 4;
  cluster.View("wolves").excused = {2, 4};
  cluster.Settle();
  EXPECT_EQ(cluster.status().populations[0].restarts, 1);
  cluster.View("wolves").attempt = 5;
  cluster.Settle();
  EXPECT_EQ(cluster.status().populations[0].restarts, 2);
}

// A pod of that population on a node that is drained.
void Drain(Cluster& cluster, const std::string& population) {
  cluster.seen_.pods.push_back(
      std::make_shared<const json>(json{{"metadata",
                                         {{"name", "small-" + population + "-0"},
                                          {"labels", {{"eoa.io/population", population}}},
                                          {"deletionTimestamp", "2027-01-15T08:00:00Z"}}},
                                        {"status",
                                         {{"phase", "Running"},
                                          {"conditions", json::array({{{"type", "DisruptionTarget"},
                                                                       {"status", "True"},
                                                                       {"reason", "EvictionByEvictionAPI"},
                                                                       {"message", "Eviction API: evicting"}}})}}}}));
}

TEST(Plan, DrainsOneAfterTheOtherUseUpNoRestarts) {
  Cluster cluster;
  cluster.Run();
  for (int attempt = 2; attempt < 12; ++attempt) {
    Drain(cluster, "wolves");
    cluster.Settle();
    cluster.View("wolves").phase = BrokerPhase::kJoining;
    cluster.Settle();
    cluster.seen_.pods.clear();
    cluster.Settle();
    cluster.View("wolves").attempt = attempt;
    cluster.View("wolves").phase = BrokerPhase::kRunning;
    cluster.Settle();
    EXPECT_EQ(cluster.status().populations[0].restarts, 0) << attempt;
    EXPECT_EQ(cluster.status().populations[0].attempt, attempt);
  }
  EXPECT_EQ(cluster.status().restarts, 0);
  EXPECT_EQ(cluster.status().phase, JobPhase::kRunning);
  EXPECT_EQ(std::count(cluster.events_.begin(), cluster.events_.end(), "PopulationDisrupted"), 10);
  // What fails by itself counts as ever.
  cluster.View("wolves").attempt = 12;
  cluster.Settle();
  EXPECT_EQ(cluster.status().populations[0].restarts, 1);
}

TEST(Plan, ADisruptionExcusesAllPopulationsOfOneWorld) {
  api::Job job = SmallJob();
  for (const bool shared : {false, true}) {
    job.spec.ecosphere.gradient_scope = shared ? api::GradientScope::kEcosphere : api::GradientScope::kPopulation;
    Cluster cluster(job);
    cluster.Run();
    Drain(cluster, "wolves");
    cluster.Settle();
    cluster.seen_.pods.clear();
    for (const char* name : {"wolves", "whales"}) ++cluster.View(name).attempt;
    cluster.Settle();
    EXPECT_EQ(cluster.status().populations[0].restarts, 0);
    EXPECT_EQ(cluster.status().populations[1].restarts, shared ? 0 : 1);
  }
}

TEST(Plan, WhateverATrainerSaysFitsTheStatus) {
  std::string error = "diverged";
  while (error.size() < 60'000) error += " \u00e9";
  Cluster cluster;
  cluster.Run();
  cluster.View("wolves").phase = BrokerPhase::kJoining;
  cluster.View("wolves").last_error = error;
  cluster.Settle();
  EXPECT_LE(cluster.status().populations[0].message.size(), 4096U);
  for (const char* name : {"wolves", "whales"}) cluster.Finish(name, false, error);
  cluster.Settle();
  EXPECT_EQ(cluster.status().phase, JobPhase::kFailed);
  for (const api::Condition& condition : cluster.status().conditions) {
    EXPECT_LE(condition.message.size(), 4096U);
    EXPECT_TRUE(IsUtf8(condition.message));
  }
  EXPECT_EQ(cluster.Settle(), 0) << "it stays as it is";
}

}  // namespace
}  // namespace eoa::plan
