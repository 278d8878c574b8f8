#include "cli/run/schedule_csv.h"

#include <gtest/gtest.h>

#include "common/evolve/rates.h"
#include "tests/unit/cli/run/view_fixture.h"

namespace eoa::local {
namespace {

TEST(ScheduleCsv, HasARowForEveryMemberOfEveryReport) {
  broker::EcosphereView view;
  view.rounds = {TestRound(0)};
  view.rounds[0].reports[0].report.members[1].fitness_loss = 0.75;
  EXPECT_EQ(ScheduleCsv({}, view),
            "generation,population,member,learning_rate,fitness,train_loss,fitness_loss,elected,baseline,trained\n"
            "0,wolves,0,0.1,0.4,1.5,,0,0.25,0.17083358333333334\n"
            "0,wolves,1,0.25,0.5,1.25,0.75,1,0.25,0.17083358333333334\n"
            "0,whales,0,0.3333333333333333,0.3,1.75,,0,0.25,0.17083358333333334\n"
            "0,whales,1,1e-06,0.2,2,,0,0.25,0.17083358333333334\n");
}

TEST(ScheduleCsv, OfNoRoundsIsTheHeaderAlone) {
  EXPECT_EQ(ScheduleCsv({}, {}),
            "generation,population,member,learning_rate,fitness,train_loss,fitness_loss,elected,baseline,trained\n");
}

TEST(ScheduleCsv, AnElectedReportOfAnEarlierGenerationMarksNoRowOfThisOne) {
  broker::EcosphereView view;
  view.rounds = {TestRound(3)};
  view.rounds[0].decision.elected.generation = 2;
  EXPECT_EQ(ScheduleCsv({}, view).find(",1,0.25,0.17"), std::string::npos);
}

TEST(ScheduleCsv, CanBeReplayedByAFixedPopulation) {
  const Result<std::vector<double>> rates = evolve::ParseSchedule(ScheduleCsv({}, TestView()));
  ASSERT_TRUE(rates.ok()) << rates.error().ToString();
  EXPECT_EQ(*rates, std::vector<double>(4, (0.1 + 0.25 + 1.0 / 3 + 1e-6) / 4)) << "the mean, as weights are averaged";
}

TEST(ScheduleCsv, WhereTheElectedMembersWeightsAreTakenItsRateIsReplayed) {
  api::JobSpec spec;
  spec.ecosphere.weight_merge = api::WeightMerge::kNone;
  EXPECT_EQ(*evolve::ParseSchedule(ScheduleCsv(spec, TestView())), std::vector<double>(4, 0.25));
}

TEST(ScheduleCsv, ProbeGenerationsAreNoPartOfTheReplayedSchedule) {
  api::JobSpec spec;
  spec.ecosphere.probe_generations = 1;
  EXPECT_EQ(evolve::ParseSchedule(ScheduleCsv(spec, TestView()))->size(), 3U);
}

}  // namespace
}  // namespace eoa::local
