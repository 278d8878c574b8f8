#include "trainer/agent/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/trainer/agent/agent_fixture.h"

namespace eoa::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

api::JoinAnswer Ready(int attempt = 1, int resume = 0, int first_rank = 0) {
  api::JoinAnswer answer;
  answer.ready = true;
  answer.attempt = attempt;
  answer.master_address = "10.0.0.7";
  answer.master_port = 4000;
  answer.world_size = 4;
  answer.first_rank = first_rank;
  answer.resume_generation = resume;
  return answer;
}

Record RecordOf(const std::string& uid, std::vector<int> checkpoints) {
  Record record;
  record.job_uid = uid;
  record.checkpoints = std::move(checkpoints);
  return record;
}

// Whatever a test does, the session must never ask to be woken at a time that has passed: its agent would turn round
// and round on one core. Checked after every Tick of a test, and as time goes on after its end.
class SessionTest : public ::testing::Test {
 protected:
  void TearDown() override {
    for (int i = 0; i < 50 && session_ && session_->NextWakeup(); ++i) {
      const SteadyTime due = *session_->NextWakeup();
      session_->Handle({session_->era(), Tick{}}, due);
      ExpectALaterWakeup(due);
    }
  }

  void ExpectALaterWakeup(SteadyTime now) const {
    const auto next = session_->NextWakeup();
    EXPECT_TRUE(!next || *next > now) << "it would spin";
  }

  Actions Begin(PodSetup setup = TestSetup(), Record record = {}) {
    session_.emplace(std::move(setup), std::move(record));
    return session_->Begin(At(0));
  }

  template <typename Body>
  Actions Send(Body body, double seconds = 1) {
    Actions actions = session_->Handle({session_->era(), std::move(body)}, At(seconds));
    if (std::is_same_v<Body, Tick>) ExpectALaterWakeup(At(seconds));
    return actions;
  }

  Actions Start(PodSetup setup = TestSetup(), int resume = 0, Record record = {}) {
    Begin(std::move(setup), std::move(record));
    return Send(JoinAnswered{Ready(1, resume)}, 0);
  }

  // From a generation's end to the decision in hand.
  Actions EndGeneration(int generation, double seconds = 2) {
    Send(MessageReceived{0, EndOf(generation)}, seconds);
    Send(ReportAnswered{generation, api::ReportAnswer{}}, seconds);
    return Send(DecisionAnswered{generation, api::DecisionAnswer{DecisionOf(generation)}}, seconds);
  }

  std::optional<AgentSession> session_;
};

TEST_F(SessionTest, JoinsWithWhatThisPodIs) {
  const auto joins = Of<SendJoin>(Begin());
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_EQ(joins[0].request.pod, 0);
  EXPECT_EQ(joins[0].request.incarnation, "abc-1");
  EXPECT_EQ(joins[0].request.after_attempt, 0);
  EXPECT_EQ(joins[0].request.address, "10.0.0.7");
  EXPECT_EQ(joins[0].request.weights_port, 7000);
  EXPECT_THAT(joins[0].request.checkpoints, IsEmpty());
}

TEST_F(SessionTest, AsksAgainEverMoreSlowlyWhileTheBrokerIsAwayAndSaysSoOnce) {
  Begin();
  EXPECT_EQ(Of<WriteLog>(Send(JoinAnswered{UnavailableError("refused")}, 0)).size(), 1U);
  double last = 0;
  double longest = 0;
  for (int i = 0; i < 12; ++i) {
    const double due = ToSeconds(*session_->NextWakeup() - At(0));
    EXPECT_GT(due, last);
    longest = due - last;
    ASSERT_EQ(Of<SendJoin>(Send(Tick{}, due)).size(), 1U);
    EXPECT_THAT(Of<WriteLog>(Send(JoinAnswered{UnavailableError("refused")}, due)), IsEmpty());
    last = due;
  }
  EXPECT_NEAR(longest, 5, 0.01);
}

TEST_F(SessionTest, AJoinThatTakesLongerThanThePreRunningDeadlineEndsTheAgent) {
  Begin();
  Send(JoinAnswered{UnavailableError("refused")}, 0);
  const auto exits = Of<Exit>(Send(Tick{}, 3601));
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].code, ExitCode::kPeerLost);
}

TEST_F(SessionTest, APodOfAPopulationThatHasEndedParks) {
  Begin();
  Send(JoinAnswered{FailedPreconditionError("PopulationEnded: wolves has finished")});
  EXPECT_EQ(Of<SendHeartbeat>(Send(Tick{}, 5))[0].request.phase, TrainerPhase::kParked);
  EXPECT_EQ(Of<Exit>(Send(StopRequested{}, 6))[0].code, ExitCode::kOk);
}

TEST_F(SessionTest, StartsOneWorkerForEachMemberWithItsRank) {
  const auto starts = Of<StartWorkers>(Start());
  ASSERT_EQ(starts.size(), 1U);
  const auto& messages = starts[0].messages;
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].rank, 0);
  EXPECT_EQ(messages[1].rank, 1);
  EXPECT_EQ(messages[0].store_descriptor, kStoreChannel);
  EXPECT_EQ(messages[1].store_descriptor, -1);
  EXPECT_THAT(messages[0].learning_rates, ElementsAre(0.1, 0.2, 0.3, 0.4));
  EXPECT_THAT(messages[1].learning_rates, IsEmpty());
  EXPECT_EQ(messages[0].store_port, 4000);
  EXPECT_EQ(messages[0].threads, 2);
  EXPECT_EQ(messages[0].job["metadata"]["uid"], "uid-1");
  // A member may wait for its leader's whole exchange: decision and weights, a deadline each.
  EXPECT_GT(messages[0].collective_timeout_seconds, 2 * 20);
}

TEST_F(SessionTest, TheSecondPodStartsMembersTwoAndThreeWithoutRates) {
  Begin(TestSetup(0, 1));
  const auto starts = Of<StartWorkers>(Send(JoinAnswered{Ready(1, 0, 2)}));
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_EQ(starts[0].messages[0].member, 2);
  EXPECT_EQ(starts[0].messages[1].rank, 3);
  EXPECT_THAT(starts[0].messages[0].learning_rates, IsEmpty());
}

TEST_F(SessionTest, HeartbeatsTellTheFurthestBehindWorkerAndTheSpeedOfAll) {
  Start();
  Send(MessageReceived{0, train::ProgressMessage{1, 7, 10, 100, 2.0, TrainerPhase::kTraining}});
  Send(MessageReceived{1, train::ProgressMessage{1, 5, 10, 80, 1.0, TrainerPhase::kEvaluating}});
  const auto beats = Of<SendHeartbeat>(Send(Tick{}));
  ASSERT_EQ(beats.size(), 1U);
  EXPECT_EQ(beats[0].request.generation, 1);
  EXPECT_EQ(beats[0].request.step, 5);
  EXPECT_EQ(beats[0].request.images_per_second, 180);
  EXPECT_EQ(beats[0].request.train_loss, 1.5);
  EXPECT_EQ(beats[0].request.phase, TrainerPhase::kEvaluating);
  EXPECT_EQ(beats[0].request.attempt, 1);
  // One at a time, and the next one an interval after the answer.
  EXPECT_THAT(Of<SendHeartbeat>(Send(Tick{}, 5)), IsEmpty());
  Send(HeartbeatAnswered{api::HeartbeatAnswer{}}, 5);
  EXPECT_THAT(Of<SendHeartbeat>(Send(Tick{}, 5.5)), IsEmpty());
  EXPECT_EQ(Of<SendHeartbeat>(Send(Tick{}, 6)).size(), 1U);
}

TEST_F(SessionTest, SavesTheNextRatesBeforeTheWorkerGetsThem) {
  Start();
  EndGeneration(0);
  const Actions actions = Send(WeightsFetched{0, "whales", std::string("/pod/foreign/whales")}, 3);
  const auto next = Told<train::NextMessage>(actions);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].generation, 1);
  EXPECT_EQ(next[0].learning_rates.size(), 4U);

  // A restarted process resumes with exactly these.
  Record record = RecordOf("uid-1", {1});
  record.rates[1] = next[0].learning_rates;
  const auto starts = Of<StartWorkers>(Start(TestSetup(), 1, record));
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_EQ(starts[0].messages[0].learning_rates, next[0].learning_rates);
  EXPECT_EQ(starts[0].messages[0].resume_generation, 1);
}

TEST_F(SessionTest, OffersOnlyCheckpointsWhoseRatesAreKnown) {
  Record record = RecordOf("uid-1", {1, 2});
  record.rates[1] = {0.1, 0.1, 0.1, 0.1};
  EXPECT_THAT(Of<SendJoin>(Begin(TestSetup(), record))[0].request.checkpoints, ElementsAre(1));
  // Only the leader hands out rates.
  EXPECT_THAT(Of<SendJoin>(Begin(TestSetup(0, 1), record))[0].request.checkpoints, ElementsAre(1, 2));
}

TEST_F(SessionTest, ARecordOfAnotherJobIsIgnored) {
  Record record = RecordOf("another", {1});
  record.rates[1] = {0.1, 0.1, 0.1, 0.1};
  EXPECT_THAT(Of<SendJoin>(Begin(TestSetup(), record))[0].request.checkpoints, IsEmpty());
}

TEST_F(SessionTest, ACheckpointCountsOnceAllWorkersOfThePodHaveIt) {
  Start();
  EXPECT_THAT(Of<SaveRecord>(Send(MessageReceived{1, train::CheckpointedMessage{1}})), IsEmpty());
  const auto saved = Of<SaveRecord>(Send(MessageReceived{0, train::CheckpointedMessage{1}}));
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_THAT(saved[0].record.checkpoints, ElementsAre(1));
}

TEST_F(SessionTest, ACheckpointThatIsWrittenWhileThePodIsStoppedCountsAndHasTheTimeThatThePodIsGiven) {
  PodSetup setup = TestSetup();
  setup.stop_grace = std::chrono::seconds(25);
  Start(setup);
  EXPECT_THAT(Of<KillWorkers>(Send(StopRequested{}, 10)), IsEmpty());
  EXPECT_THAT(Of<KillWorkers>(Send(Tick{}, 34)), IsEmpty()) << "a write is under way";
  Send(MessageReceived{0, train::CheckpointedMessage{1}}, 34);
  const auto saved = Of<SaveRecord>(Send(MessageReceived{1, train::CheckpointedMessage{1}}, 34));
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_THAT(saved[0].record.checkpoints, ElementsAre(1));
  EXPECT_EQ(Of<Exit>(Send(Tick{}, 35))[0].code, ExitCode::kPreempted);
}

TEST_F(SessionTest, CheckpointsAreForgottenOnceTheirFilesAreRemovedAndNotBefore) {
  Start();
  for (const int generation : {1, 2, 3, 4}) {
    Send(MessageReceived{0, train::CheckpointedMessage{.generation = generation, .oldest = generation == 4 ? 2 : 0}});
    const auto saved = Of<SaveRecord>(Send(MessageReceived{1, train::CheckpointedMessage{generation}}));
    ASSERT_EQ(saved.size(), 1U);
    EXPECT_THAT(saved[0].record.checkpoints.front(), generation == 4 ? 2 : 1);
  }
}

TEST_F(SessionTest, ACheckpointThatAWorkerCannotUseIsNotOfferedAgain) {
  Start();
  for (const int generation : {1, 2}) {
    Send(MessageReceived{0, train::CheckpointedMessage{generation}});
    Send(MessageReceived{1, train::CheckpointedMessage{generation}});
  }
  const auto saved = Of<SaveRecord>(Send(MessageReceived{1, train::CheckpointLostMessage{2}}));
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_THAT(saved[0].record.checkpoints, ElementsAre(1));
  Send(MessageReceived{1, train::ErrorMessage{"ABORTED", "checkpoint-2.weights: its checksum is wrong"}});
  Send(WorkerExited{0, {75, 0}});
  const auto joins = Of<SendJoin>(Send(WorkerExited{1, {77, 0}}));
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_THAT(joins[0].request.last_error, HasSubstr("checkpoint-2.weights: its checksum is wrong"));
}

TEST_F(SessionTest, WhenTheBrokerSaysRejoinTheWorkersDieAndANewIncarnationJoins) {
  Start();
  Send(Tick{});
  const Actions actions =
      Send(HeartbeatAnswered{api::HeartbeatAnswer{api::AgentCommand::kRejoin, "a peer was lost", 1}});
  EXPECT_EQ(Of<KillWorkers>(actions).size(), 1U);
  const auto joins = Of<SendJoin>(actions);
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_EQ(joins[0].request.incarnation, "abc-2");
  EXPECT_EQ(joins[0].request.after_attempt, 1);
  EXPECT_EQ(joins[0].request.last_error, "");
}

TEST_F(SessionTest, WhatBelongsToAnEarlierEraIsIgnored) {
  Start();
  const int old = session_->era();
  Send(Tick{});
  Send(HeartbeatAnswered{api::HeartbeatAnswer{api::AgentCommand::kRejoin, "", 1}});
  EXPECT_THAT(session_->Handle({old, JoinAnswered{Ready(1)}}, At(2)), IsEmpty());
  EXPECT_THAT(session_->Handle({old, WorkerExited{0, {75, 0}}}, At(2)), IsEmpty());
}

TEST_F(SessionTest, AStaleReportMeansRejoin) {
  Start();
  Send(MessageReceived{0, EndOf(0)});
  const Actions actions = Send(ReportAnswered{0, AbortedError("StaleAttempt")});
  EXPECT_EQ(Of<SendJoin>(actions).size(), 1U);
}

TEST_F(SessionTest, ALostWorkerEndsTheGangAfterTheOthersHadTimeToTellWhy) {
  Start();
  EXPECT_THAT(Of<KillWorkers>(Send(WorkerExited{0, {75, 0}}, 10)), IsEmpty());
  EXPECT_EQ(*session_->NextWakeup(), At(12));
  const Actions actions = Send(Tick{}, 12);
  EXPECT_EQ(Of<KillWorkers>(actions).size(), 2U);
  const auto joins = Of<SendJoin>(actions);
  ASSERT_EQ(joins.size(), 1U);
  // It was another pod's fault, whose agent will say so.
  EXPECT_EQ(joins[0].request.last_error, "");
  const auto said = Of<WriteLog>(actions);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(FieldOf(said[0], "reason"), "member 0 ended with exit code 75");
}

TEST_F(SessionTest, ACollectiveThatTimesOutIsToldSinceNobodyElseMayKnow) {
  Start(TestSetup(1));
  Send(MessageReceived{0, train::ErrorMessage{"DEADLINE_EXCEEDED", "all-reduce"}});
  const auto joins = Of<SendJoin>(Send(WorkerExited{0, {75, 0}}));
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_EQ(joins[0].request.last_error, "member 0: DEADLINE_EXCEEDED: all-reduce");
}

TEST_F(SessionTest, TheWorkerThatCausedTheLossIsBlamedNotItsPeers) {
  Start();
  Send(WorkerExited{0, {75, 0}}, 10);
  Send(MessageReceived{1, train::ErrorMessage{"RESOURCE_EXHAUSTED", "no memory"}}, 10);
  const auto joins = Of<SendJoin>(Send(WorkerExited{1, {76, 0}}, 10));
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_EQ(joins[0].request.last_error, "member 1: RESOURCE_EXHAUSTED: no memory");
}

TEST_F(SessionTest, FailuresWithoutACheckpointInBetweenSlowDown) {
  Start();
  const auto lose = [&](double seconds) {
    Send(WorkerExited{0, {0, 9}}, seconds);
    return Send(WorkerExited{1, {75, 0}}, seconds);
  };
  EXPECT_EQ(Of<SendJoin>(lose(1)).size(), 1U);
  Send(JoinAnswered{Ready(2)}, 1);
  EXPECT_THAT(Of<SendJoin>(lose(2)), IsEmpty());
  EXPECT_EQ(*session_->NextWakeup(), At(2.5));
  EXPECT_EQ(Of<SendJoin>(Send(Tick{}, 2.5)).size(), 1U);
  Send(JoinAnswered{Ready(3)}, 3);
  Send(MessageReceived{0, train::CheckpointedMessage{1}}, 3);
  Send(MessageReceived{1, train::CheckpointedMessage{1}}, 3);
  EXPECT_EQ(Of<SendJoin>(lose(4)).size(), 1U);
}

TEST_F(SessionTest, AnExitCodeThatForbidsARetryFailsThePopulation) {
  for (const int code : {64, 65, 66}) {
    Start();
    Send(MessageReceived{1, train::ErrorMessage{"DATA_LOSS", "batch_3.bin: record 17 is cut"}});
    Send(WorkerExited{0, {75, 0}});
    const Actions actions = Send(WorkerExited{1, {code, 0}});
    EXPECT_THAT(Of<SendJoin>(actions), IsEmpty());
    const auto finishes = Of<SendFinish>(actions);
    ASSERT_EQ(finishes.size(), 1U);
    EXPECT_FALSE(finishes[0].request.succeeded);
    EXPECT_EQ(finishes[0].request.error, "member 1: DATA_LOSS: batch_3.bin: record 17 is cut");
    Send(FinishAnswered{OkStatus()});
    const auto exits = Of<Exit>(Send(StopRequested{}));
    ASSERT_EQ(exits.size(), 1U);
    EXPECT_EQ(static_cast<int>(exits[0].code), code);
  }
}

TEST_F(SessionTest, AWorkerThatCannotBeStartedIsTriedAgain) {
  Start();
  const auto joins = Of<SendJoin>(Send(StartFailed{NotFoundError("no such program")}));
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_THAT(joins[0].request.last_error, HasSubstr("no such program"));
}

TEST_F(SessionTest, WithoutAStepForTheProgressDeadlineTheGangRestarts) {
  Start();
  Send(MessageReceived{0, train::ProgressMessage{0, 3, 10, 100, 2.0, TrainerPhase::kTraining}}, 100);
  Send(MessageReceived{0, train::ProgressMessage{0, 3, 10, 0, 2.0, TrainerPhase::kTraining}}, 500);
  EXPECT_THAT(Of<CancelCalls>(Send(Tick{}, 699)), IsEmpty());
  EXPECT_EQ(Of<CancelCalls>(Send(Tick{}, 700)).size(), 1U);
  EXPECT_THAT(Of<SendJoin>(Send(Tick{}, 702))[0].request.last_error, HasSubstr("progressDeadlineSeconds"));
}

TEST_F(SessionTest, AWorkerThatHangsWhileTheOthersWaitForItsReportStallsTheGang) {
  Start();
  Send(MessageReceived{0, train::ProgressMessage{0, 10, 10, 100, 2.0, TrainerPhase::kExchanging}}, 100);
  Send(MessageReceived{1, train::ProgressMessage{0, 10, 10, 100, 2.0, TrainerPhase::kEvaluating}}, 101);
  EXPECT_THAT(Of<CancelCalls>(Send(Tick{}, 700)), IsEmpty());
  EXPECT_EQ(Of<CancelCalls>(Send(Tick{}, 701)).size(), 1U);
}

TEST_F(SessionTest, AWorkerThatHangsInTheMergeAfterALongExchangeStallsTheGang) {
  api::Job job = TestJob();
  job.spec.ecosphere.exchange.deadline_seconds = 900;
  Start(TestSetup(0, 0, job));
  for (const int worker : {0, 1})
    Send(MessageReceived{worker, train::ProgressMessage{0, 10, 10, 100, 2.0, TrainerPhase::kExchanging}}, 100);
  Send(MessageReceived{0, EndOf(0)}, 100);
  Send(ReportAnswered{0, api::ReportAnswer{}}, 100);
  EXPECT_THAT(Of<CancelCalls>(Send(Tick{}, 800)), IsEmpty()) << "it waits for a slower population";
  api::Decision decision = DecisionOf(0);
  decision.weights.resize(1);  // its own alone: nothing is to be fetched
  ASSERT_EQ(Told<train::NextMessage>(Send(DecisionAnswered{0, api::DecisionAnswer{decision}}, 850)).size(), 1U);
  EXPECT_THAT(Of<CancelCalls>(Send(Tick{}, 1449)), IsEmpty());
  EXPECT_EQ(Of<CancelCalls>(Send(Tick{}, 1450)).size(), 1U);
}

TEST_F(SessionTest, APodThatWaitsForItsLeadersExchangeIsNotStalledAndSleeps) {
  Start(TestSetup(0, 1));
  for (const int worker : {0, 1})
    Send(MessageReceived{worker, train::ProgressMessage{0, 10, 10, 100, 2.0, TrainerPhase::kExchanging}}, 100);
  EXPECT_THAT(Of<CancelCalls>(Send(Tick{}, 1000)), IsEmpty());
}

TEST_F(SessionTest, AResultIsDeliveredUntilTheBrokerHasItAndThenTheAgentParks) {
  Start();
  const Actions result = Send(MessageReceived{0, train::ResultMessage{0.61, 1.2, 1000, "/pod/model.safetensors"}});
  const auto saved = Of<SaveRecord>(result);
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_TRUE(saved[0].record.finished.has_value());
  EXPECT_EQ(Of<SendFinish>(result).size(), 1U);
  Send(WorkerExited{0, {0, 0}});
  Send(WorkerExited{1, {0, 0}});
  Send(FinishAnswered{UnavailableError("away")}, 2);
  const auto again = Of<SendFinish>(Send(Tick{}, 3));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].request.test_accuracy, 0.61);
  Send(FinishAnswered{OkStatus()}, 3);
  Send(HeartbeatAnswered{api::HeartbeatAnswer{}}, 3);
  const auto beats = Of<SendHeartbeat>(Send(Tick{}, 10));
  ASSERT_EQ(beats.size(), 1U);
  EXPECT_EQ(beats[0].request.phase, TrainerPhase::kParked);
  const auto exits = Of<Exit>(Send(StopRequested{}, 11));
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].code, ExitCode::kOk);
}

TEST_F(SessionTest, AFinishedPodThatIsStartedAgainDeliversItsResultAndServesItsWeights) {
  Record record = RecordOf("uid-1", {});
  record.weights = {{3, "/pod/w3", 5}};
  record.finished.emplace();
  record.finished->attempt = 2;
  record.finished->test_accuracy = 0.5;
  const Actions actions = Begin(TestSetup(), record);
  EXPECT_THAT(Of<SendJoin>(actions), IsEmpty());
  EXPECT_EQ(Of<SendFinish>(actions).size(), 1U);
  EXPECT_EQ(Of<PublishWeights>(actions).size(), 1U);
}

TEST_F(SessionTest, APodWithoutLeaderParksWhenItsWorkersHaveEnded) {
  Begin(TestSetup(0, 1));
  Send(JoinAnswered{Ready(1, 0, 2)});
  Send(WorkerExited{0, {0, 0}});
  EXPECT_THAT(Of<SendFinish>(Send(WorkerExited{1, {0, 0}})), IsEmpty());
  EXPECT_EQ(Of<SendHeartbeat>(Send(Tick{}, 5))[0].request.phase, TrainerPhase::kParked);
  // Its leader's pod may still fail; then it is needed again.
  const Actions actions =
      Send(HeartbeatAnswered{api::HeartbeatAnswer{api::AgentCommand::kRejoin, "leader lost", 1}}, 6);
  EXPECT_EQ(Of<SendJoin>(actions).size(), 1U);
}

TEST_F(SessionTest, ResumingAfterTheLastGenerationAsksForTheResultAtOnce) {
  Record record = RecordOf("uid-1", {4});
  record.rates[4] = {};
  record.last_decision = DecisionOf(3);
  const auto finish = Told<train::FinishMessage>(Start(TestSetup(), 4, record));
  ASSERT_EQ(finish.size(), 1U);
  EXPECT_TRUE(finish[0].measure_test);
  EXPECT_EQ(finish[0].member, 3);
}

TEST_F(SessionTest, SigtermAsksTheWorkersToStopAndEndsWithinTwoSeconds) {
  Start();
  const Actions stop = Send(StopRequested{}, 10);
  EXPECT_EQ(Told<train::StopMessage>(stop).size(), 2U);
  EXPECT_THAT(Of<Exit>(stop), IsEmpty());
  EXPECT_EQ(*session_->NextWakeup(), At(12));
  const Actions end = Send(Tick{}, 12);
  EXPECT_EQ(Of<KillWorkers>(end).size(), 1U);
  ASSERT_EQ(Of<Exit>(end).size(), 1U);
  EXPECT_EQ(Of<Exit>(end)[0].code, ExitCode::kPreempted);
  EXPECT_EQ(session_->NextWakeup(), std::nullopt);
}

TEST_F(SessionTest, ABrokerThatSaysStopEndsTheWorkersAndTheAgentParks) {
  Start();
  Send(Tick{});
  const Actions actions =
      Send(HeartbeatAnswered{api::HeartbeatAnswer{api::AgentCommand::kStop, "failed elsewhere", 1}});
  EXPECT_EQ(Told<train::StopMessage>(actions).size(), 2U);
  Send(WorkerExited{0, {0, 0}});
  EXPECT_THAT(Of<Exit>(Send(WorkerExited{1, {0, 0}})), IsEmpty());
  EXPECT_EQ(Of<SendHeartbeat>(Send(Tick{}, 10))[0].request.phase, TrainerPhase::kParked);
}

TEST_F(SessionTest, MergedWeightsAreRememberedThenServed) {
  Start();
  const Actions actions = Send(MessageReceived{0, train::MergedMessage{0, "/pod/w0", 77, 10}});
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<SaveRecord>(actions[0]));
  EXPECT_EQ(std::get<PublishWeights>(actions[1]).weights.crc32, 77U);
}

}  // namespace
}  // namespace eoa::agent
