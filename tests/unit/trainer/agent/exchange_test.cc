#include "trainer/agent/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/trainer/agent/agent_fixture.h"

namespace eoa::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ExchangeTest : public ::testing::Test {
 protected:
  explicit ExchangeTest(api::Job job = TestJob())
      : job_(std::make_shared<api::Job>(std::move(job))), exchange_(job_, 0) {}

  Actions Begin(int generation) { return exchange_.Begin(1, EndOf(generation), At(0)).actions; }
  Actions Report(int generation, Result<api::ReportAnswer> answer, double seconds = 0) {
    return exchange_.OnReport({generation, std::move(answer)}, record_, At(seconds)).actions;
  }
  Actions Decide(api::Decision decision, double seconds = 1) {
    const int generation = decision.generation;
    return exchange_.OnDecision({generation, api::DecisionAnswer{std::move(decision)}}, record_, At(seconds)).actions;
  }
  Actions Fetched(int generation, Result<std::string> file, double seconds) {
    return exchange_.OnWeights({generation, "whales", std::move(file)}, At(seconds)).actions;
  }
  Actions TickAt(double seconds) { return TickAt(At(seconds)); }
  Actions TickAt(SteadyTime now) {
    Actions actions = exchange_.OnTick(record_, now).actions;
    const auto next = exchange_.NextWakeup();
    EXPECT_TRUE(!next || *next > now) << "it would spin";
    return actions;
  }

  // Wherever a test leaves it, time alone brings it to its end.
  void TearDown() override {
    int ticks = 0;
    while (exchange_.active() && ++ticks < 100) TickAt(*exchange_.NextWakeup());
    EXPECT_FALSE(exchange_.active());
  }

  std::shared_ptr<api::Job> job_;
  Exchange exchange_;
  Record record_;
};

TEST_F(ExchangeTest, ReportsThenAsksThenFetchesThenStartsTheNextGeneration) {
  const auto reports = Of<SendReport>(Begin(0));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].request.members.size(), 4U);
  EXPECT_EQ(reports[0].request.attempt, 1);
  const auto asked = Of<AskDecision>(Report(0, api::ReportAnswer{}));
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_GT(asked[0].wait_seconds, 0);
  const Actions decided = Decide(DecisionOf(0));
  EXPECT_EQ(Of<SaveRecord>(decided).size(), 1U);
  EXPECT_EQ(Of<FetchWeights>(decided).size(), 1U);
  EXPECT_THAT(Told<train::NextMessage>(decided), IsEmpty());
  const auto next = Told<train::NextMessage>(Fetched(0, std::string("file"), 2));
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].learning_rates, record_.rates[1]);
  EXPECT_DOUBLE_EQ(next[0].own_weight, 4.0 / 7);
  EXPECT_FALSE(exchange_.active());
}

TEST_F(ExchangeTest, AnOpenRoundIsAskedForAgain) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  const auto step = exchange_.OnDecision({0, api::DecisionAnswer{}}, record_, At(5));
  EXPECT_EQ(Of<AskDecision>(step.actions).size(), 1U);
}

TEST_F(ExchangeTest, AReportThatDoesNotReachTheBrokerIsSentAgain) {
  Begin(0);
  EXPECT_THAT(Report(0, UnavailableError("refused")), IsEmpty());
  EXPECT_EQ(*exchange_.NextWakeup(), At(0.1));
  EXPECT_EQ(Of<SendReport>(TickAt(0.1)).size(), 1U);
}

TEST_F(ExchangeTest, ADecisionThatComesBeforeItIsAskedForAgainLeavesNoWakeupBehind) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  exchange_.OnDecision({0, UnavailableError("refused")}, record_, At(1));
  EXPECT_EQ(*exchange_.NextWakeup(), At(1.1));
  Decide(DecisionOf(0), 1.05);
  TickAt(1.1);
  EXPECT_EQ(*exchange_.NextWakeup(), At(21.05)) << "the deadline for the weights";
}

TEST_F(ExchangeTest, WithoutAnAnswerByTheDeadlineItGoesOnWithTheLastDecision) {
  record_.last_decision = DecisionOf(0);
  record_.last_decision->elected.learning_rate = 0.123;
  Begin(1);
  Report(1, UnavailableError("refused"));
  EXPECT_THAT(Told<train::NextMessage>(TickAt(21)), IsEmpty());
  const Actions actions = TickAt(22);
  ASSERT_EQ(Told<train::NextMessage>(actions).size(), 1U);
  EXPECT_EQ(exchange_.offline_generations(), 1);
  const auto said = Of<WriteLog>(actions);
  ASSERT_FALSE(said.empty());
  EXPECT_THAT(said[0].message, HasSubstr("last decision"));
  EXPECT_EQ(FieldOf(said[0], "baseline"), "0.123");
  // The next round is asked for as usual, and the last real decision stays what it was.
  EXPECT_EQ(record_.last_decision->generation, 0);
}

TEST_F(ExchangeTest, WhatIsAnnealedIsAnnealedOfflineToo) {
  api::JobSpec spec = job_->spec;
  spec.ecosphere.baseline = api::BaselineRule::kCosineStep;
  const api::Decision last = DecisionOf(0);
  double before = last.elected.learning_rate;
  for (int generation = 1; generation < 4; ++generation) {
    api::ReportRequest report = Of<SendReport>(Begin(0))[0].request;
    report.generation = generation;
    const Result<api::Decision> decision = OfflineDecision(spec, 0, report, last);
    ASSERT_TRUE(decision.ok());
    EXPECT_LT(decision->baseline, before) << generation;
    before = decision->baseline;
  }
  EXPECT_EQ(before, 0) << "after the last generation";
}

TEST_F(ExchangeTest, BeforeTheFirstDecisionItGoesOnWithItsOwnBest) {
  const Result<api::Decision> decision =
      OfflineDecision(job_->spec, 0, Of<SendReport>(Begin(0))[0].request, std::nullopt);
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->elected.member, 3);
  EXPECT_EQ(decision->baseline, 0.4);
  EXPECT_THAT(decision->weights, IsEmpty());
}

TEST_F(ExchangeTest, ALateAnswerToAnEarlierGenerationIsIgnored) {
  Begin(0);
  TickAt(22);
  exchange_.Begin(1, EndOf(1), At(30));
  EXPECT_THAT(Report(0, api::ReportAnswer{}, 31), IsEmpty());
  EXPECT_THAT(Decide(DecisionOf(0), 31), IsEmpty());
  EXPECT_TRUE(exchange_.active());
}

TEST_F(ExchangeTest, ANewerAttemptIsTheSessionsMatter) {
  Begin(0);
  const auto step = exchange_.OnReport({0, AbortedError("StaleAttempt")}, record_, At(1));
  ASSERT_TRUE(step.failure.has_value());
  EXPECT_EQ(step.failure->code(), ErrorCode::kAborted);
}

TEST_F(ExchangeTest, WeightsThatAreNotThereYetAreAskedForAgain) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  Decide(DecisionOf(0), 1);
  EXPECT_THAT(Fetched(0, NotFoundError("NotReady"), 1), IsEmpty());
  const SteadyTime due = *exchange_.NextWakeup();
  EXPECT_LE(due, At(1.1));
  const auto again = Of<FetchWeights>(TickAt(due));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].source.population, "whales");
}

TEST_F(ExchangeTest, WeightsThatDoNotComeByTheDeadlineAreLeftOutWithAWarning) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  Decide(DecisionOf(0), 1);
  Fetched(0, UnavailableError("refused"), 1);
  EXPECT_THAT(Told<train::NextMessage>(TickAt(20.9)), IsEmpty());
  const Actions actions = TickAt(21);
  EXPECT_EQ(Of<WriteLog>(actions).size(), 1U);
  ASSERT_EQ(Told<train::NextMessage>(actions).size(), 1U);
  EXPECT_EQ(Told<train::NextMessage>(actions)[0].own_weight, 1);
}

TEST_F(ExchangeTest, WeightsThatAreRefusedAreFetchedFromWhereTheirRestartedLeaderServesThem) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  api::Decision decision = DecisionOf(0);
  Decide(decision, 1);
  const Actions refused = Fetched(0, UnavailableError("refused"), 1.5);
  const auto asked = Of<AskDecision>(refused);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].generation, 0);
  EXPECT_EQ(asked[0].wait_seconds, 0);
  for (api::WeightSource& source : decision.weights) source.address = "10.9.9.9";
  const auto again = Of<FetchWeights>(Decide(decision, 1.6));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].source.address, "10.9.9.9");
  EXPECT_EQ(Told<train::NextMessage>(Fetched(0, std::string("file"), 2)).size(), 1U);
}

TEST_F(ExchangeTest, ARefusedFetchAsksTheBrokerAtMostOnceASecond) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  Decide(DecisionOf(0), 1);
  std::size_t asked = 0;
  for (double seconds = 1; seconds < 6; seconds += 0.25) {
    asked += Of<AskDecision>(Fetched(0, UnavailableError("refused"), seconds)).size();
    asked += Of<AskDecision>(Decide(DecisionOf(0), seconds + 0.1)).size();
    TickAt(seconds + 0.2);
  }
  EXPECT_EQ(asked, 5U);
}

TEST_F(ExchangeTest, AnAttemptThatEndedWhileWeightsWereFetchedIsTheSessionsMatter) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  Decide(DecisionOf(0), 1);
  Fetched(0, UnavailableError("refused"), 1.5);
  EXPECT_TRUE(exchange_.OnDecision({0, AbortedError("StaleAttempt")}, record_, At(2)).failure.has_value());
}

TEST_F(ExchangeTest, WeightsThatAreGoneAreLeftOutAtOnce) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  Decide(DecisionOf(0), 1);
  const Actions actions = Fetched(0, InvalidArgumentError("Gone: generation 0 is no longer served"), 1);
  ASSERT_EQ(Told<train::NextMessage>(actions).size(), 1U);
  EXPECT_EQ(Told<train::NextMessage>(actions)[0].own_weight, 1);
  EXPECT_TRUE(Of<AskDecision>(actions).empty());
}

TEST_F(ExchangeTest, RottenWeightsAreLeftOutAtOnce) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  Decide(DecisionOf(0), 1);
  EXPECT_EQ(Told<train::NextMessage>(Fetched(0, DataLossError("checksum"), 1)).size(), 1U);
}

TEST_F(ExchangeTest, AfterTheLastGenerationTheElectedPopulationMeasuresTheTestSet) {
  Begin(3);
  Report(3, api::ReportAnswer{});
  Decide(DecisionOf(3));
  const Actions actions = Fetched(3, std::string("file"), 2);
  const auto next = Told<train::NextMessage>(actions);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].generation, 4);
  EXPECT_THAT(next[0].learning_rates, IsEmpty());
  const auto finish = Told<train::FinishMessage>(actions);
  ASSERT_EQ(finish.size(), 1U);
  EXPECT_TRUE(finish[0].measure_test);
  EXPECT_EQ(finish[0].member, 3);
}

TEST(PlanFinish, OnlyOnePopulationMeasuresWhenAllKnowWhoIsElected) {
  api::JobSpec spec = TestJob().spec;
  EXPECT_TRUE(PlanFinish(spec, 0, DecisionOf(3), {}).measure_test);
  EXPECT_FALSE(PlanFinish(spec, 1, DecisionOf(3), {}).measure_test);
  EXPECT_TRUE(PlanFinish(spec, 1, std::nullopt, {}).measure_test);
  spec.ecosphere.exchange.mode = api::ExchangeMode::kAsync;
  EXPECT_TRUE(PlanFinish(spec, 1, DecisionOf(3), {}).measure_test);
}

TEST_F(ExchangeTest, TheSameReportsAndDecisionGiveTheSameRates) {
  Begin(0);
  Report(0, api::ReportAnswer{});
  Decide(DecisionOf(0));
  const std::vector<double> first = record_.rates[1];
  Exchange again(job_, 0);
  again.Begin(7, EndOf(0), At(50));
  Record other;
  again.OnReport({0, api::ReportAnswer{}}, other, At(51));
  again.OnDecision({0, api::DecisionAnswer{DecisionOf(0)}}, other, At(60));
  EXPECT_EQ(other.rates[1], first);
  EXPECT_EQ(first.size(), 4U);
}

}  // namespace
}  // namespace eoa::agent
