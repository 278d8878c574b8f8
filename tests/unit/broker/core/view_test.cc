#include <nlohmann/json.hpp>

#include "broker/core/view.h"

#include "tests/unit/broker/core/broker_fixture.h"

namespace eoa::broker {
namespace {

TEST(View, ShowsEachPopulationsPhase) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  EcosphereView view = MakeView(core.state());
  EXPECT_EQ(view.populations[kWolves].phase, BrokerPhase::kRunning);
  EXPECT_EQ(view.populations[kWolves].attempt, 1);
  EXPECT_EQ(view.populations[kWhales].phase, BrokerPhase::kJoining);
  EXPECT_EQ(view.populations[kWhales].attempt, 0);

  core.Finish(kWolves, {.attempt = 1, .error = {}, .test_accuracy = 0.9, .test_loss = {}, .model = {}});
  core.Store(PopulationStopped{"whales", "no restarts left"});
  view = MakeView(core.state());
  EXPECT_EQ(view.populations[kWolves].phase, BrokerPhase::kSucceeded);
  EXPECT_EQ(view.populations[kWolves].finished->test_accuracy, 0.9);
  EXPECT_EQ(view.populations[kWhales].phase, BrokerPhase::kFailed);
  EXPECT_EQ(view.populations[kWhales].last_error, "no restarts left");
}

TEST(View, AddsSpeedsAndShowsTheFurthestBehindPod) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  for (int pod : {0, 1}) {
    api::HeartbeatRequest beat;
    beat.pod = pod;
    beat.incarnation = Core::Incarnation(1, pod);
    beat.attempt = 1;
    beat.generation = 2;
    beat.step = 10 - pod;
    beat.steps = 20;
    beat.images_per_second = 100;
    beat.train_loss = 1 + pod;
    beat.phase = pod == 0 ? TrainerPhase::kEvaluating : TrainerPhase::kTraining;
    ASSERT_TRUE(TakeHeartbeat(core.state(), kWolves, beat, {At(1), kSilence}).ok());
  }
  const PopulationView view = MakeView(core.state()).populations[kWolves];
  EXPECT_EQ(view.generation, 2);
  EXPECT_EQ(view.step, 9);
  EXPECT_EQ(view.steps, 20);
  EXPECT_EQ(view.images_per_second, 200);
  EXPECT_EQ(view.train_loss, 1.5);
  EXPECT_EQ(view.activity, TrainerPhase::kTraining);
}

TEST(View, ListsDecidedRoundsWithTheirReportsInTheJobsOrder) {
  Core core(TwoPopulations());
  core.JoinAll(kWhales);
  core.JoinAll(kWolves);
  core.Take(kWhales, Report(1, 0, {0.1, 0.2}));
  EXPECT_TRUE(MakeView(core.state()).rounds.empty());
  core.Take(kWolves, Report(1, 0, {0.1, 0.3}));
  const EcosphereView view = MakeView(core.state());
  ASSERT_EQ(view.rounds.size(), 1U);
  EXPECT_EQ(view.rounds[0].reports[0].population, "wolves");
  EXPECT_EQ(view.rounds[0].reports[1].population, "whales");
  EXPECT_EQ(view.populations[kWolves].learning_rates, (std::vector<double>{0.1, 0.2}));
  EXPECT_EQ(view.populations[kWolves].best_fitness, 0.3);
  EXPECT_EQ(view.populations[kWolves].generation, 1);
}

TEST(View, ASummaryCountsRoundsAndHasTheLastDecisionWithoutTheRounds) {
  Core core(TwoPopulations());
  EXPECT_FALSE(MakeSummary(core.state()).last_decision);
  core.JoinAll(kWolves);
  core.JoinAll(kWhales);
  for (int generation = 0; generation < 3; ++generation) {
    core.Take(kWolves, Report(1, generation, {0.1, 0.3}));
    core.Take(kWhales, Report(1, generation, {0.1, generation == 1 ? 0.4 : 0.2}));
  }
  core.Take(kWolves, Report(1, 3, {0.1, 0.3}));
  const EcosphereView summary = MakeSummary(core.state());
  EXPECT_TRUE(summary.rounds.empty());
  ASSERT_TRUE(summary.last_decision);
  EXPECT_EQ(summary.last_decision->generation, 2) << "that of the open round is not there";
  EXPECT_EQ(summary.tally.won, (std::map<std::string, std::uint64_t>{{"wolves", 2}, {"whales", 1}}));
  EXPECT_EQ(summary.tally.closed.at(ClosedBy::kAll), 3U);
}

TEST(View, OfAnAsyncGenerationTheNewestDecisionCounts) {
  api::JobSpec spec = TwoPopulations();
  spec.ecosphere.exchange.mode = api::ExchangeMode::kAsync;
  Core core(spec);
  core.JoinAll(kWolves);
  core.JoinAll(kWhales);
  core.Take(kWolves, Report(1, 0, {0.1, 0.3}));
  core.Take(kWhales, Report(1, 0, {0.1, 0.4}));
  const EcosphereView view = MakeView(core.state());
  std::uint64_t counted = 0;
  for (const auto& [population, count] : view.tally.won) counted += count;
  EXPECT_EQ(counted, view.rounds.size());
  EXPECT_EQ(view.tally.won.at(view.rounds[0].decision.elected.population), 1U);
}

TEST(View, HistoryComesInPages) {
  api::JobSpec spec = TwoPopulations();
  spec.ecosphere.generations = kHistoryPage + 3;
  Core core(spec);
  core.JoinAll(kWolves);
  core.JoinAll(kWhales);
  for (int generation = 0; generation < spec.ecosphere.generations; ++generation) {
    core.Take(kWolves, Report(1, generation, {0.1, 0.3}));
    core.Take(kWhales, Report(1, generation, {0.1, 0.2}));
  }
  const nlohmann::json first = HistoryJson(core.state(), 1);
  EXPECT_EQ(first["rounds"].size(), kHistoryPage);
  EXPECT_EQ(first["rounds"][0]["decision"]["generation"], 1);
  EXPECT_EQ(first["next"], kHistoryPage + 1);
  const nlohmann::json rest = HistoryJson(core.state(), first["next"]);
  EXPECT_EQ(rest["rounds"].size(), 2U);
  EXPECT_TRUE(rest["next"].is_null());
}

TEST(View, APageOfTheHistoryOfManyMembersHasFewerRounds) {
  api::JobSpec spec = TwoPopulations();
  for (api::PopulationSpec& population : spec.populations) population.members = 3000;
  EcosphereState state = InitialState(spec);
  for (int generation = 0; generation < 5; ++generation) {
    for (const char* name : {"wolves", "whales"}) {
      const auto report = Report(1, generation, std::vector<double>(3000, 0.5));
      ASSERT_TRUE(Apply(ReportAccepted{.population = name, .report = report}, state).ok());
    }
    api::Decision decision;
    decision.generation = generation;
    ASSERT_TRUE(Apply(RoundClosed{.population = "", .decision = decision}, state).ok());
  }
  const nlohmann::json page = HistoryJson(state, 0);
  EXPECT_EQ(page["rounds"].size(), 2U);
  EXPECT_EQ(page["next"], 2);
}

TEST(View, NamesTheRoundsThatAreOpen) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  core.Take(kWolves, Report(1, 0, {0.1, 0.3}));
  const nlohmann::json document = EcosphereJson(core.state());
  EXPECT_EQ(document["openRounds"], (nlohmann::json::array({{{"generation", 0}, {"reported", {"wolves"}}}})));
  EXPECT_TRUE(document["lastDecision"].is_null());
}

}  // namespace
}  // namespace eoa::broker
