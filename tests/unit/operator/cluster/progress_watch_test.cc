#include "operator/cluster/progress_watch.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace eoa::cluster {
namespace {

using std::chrono::minutes;

broker::EcosphereView At(int generation, std::int64_t step, int attempt = 1) {
  broker::PopulationView wolves;
  wolves.name = "wolves";
  wolves.attempt = attempt;
  wolves.generation = generation;
  wolves.step = step;
  broker::EcosphereView view;
  view.populations.push_back(std::move(wolves));
  return view;
}

TEST(ProgressWatchTest, APopulationThatStandsStillKeepsTheTimeOfItsLastStep) {
  FakeClock clock;
  ProgressWatch watch;
  const SteadyTime begun = clock.SteadyNow();
  EXPECT_EQ(watch.Observe("uid", At(1, 5), begun).at("wolves"), begun);
  clock.Advance(minutes(3));
  EXPECT_EQ(watch.Observe("uid", At(1, 5), clock.SteadyNow()).at("wolves"), begun);
}

TEST(ProgressWatchTest, AStepAGenerationOrAnAttemptCountsAsProgress) {
  FakeClock clock;
  ProgressWatch watch;
  for (const auto& view : {At(1, 5), At(1, 6), At(2, 6), At(2, 0, 2)}) {
    clock.Advance(minutes(1));
    EXPECT_EQ(watch.Observe("uid", view, clock.SteadyNow()).at("wolves"), clock.SteadyNow());
  }
}

TEST(ProgressWatchTest, ARestartedOperatorGivesEverybodyTheWholeDeadlineAgain) {
  FakeClock clock;
  ProgressWatch before;
  before.Observe("uid", At(1, 5), clock.SteadyNow());
  clock.Advance(minutes(9));
  ProgressWatch after;
  EXPECT_EQ(after.Observe("uid", At(1, 5), clock.SteadyNow()).at("wolves"), clock.SteadyNow());
}

TEST(ProgressWatchTest, AJobThatIsForgottenBeginsAnew) {
  FakeClock clock;
  ProgressWatch watch;
  watch.Observe("uid", At(1, 5), clock.SteadyNow());
  clock.Advance(minutes(9));
  watch.Forget("uid");
  EXPECT_EQ(watch.Observe("uid", At(1, 5), clock.SteadyNow()).at("wolves"), clock.SteadyNow());
}

}  // namespace
}  // namespace eoa::cluster
