#include "trainer/engine/progress.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace eoa::train {
namespace {

using ::testing::ElementsAre;

TEST(ProgressReporter, TellsNewPhasesAtOnceAndStepsAtMostTwiceASecond) {
  FakeClock clock;
  std::vector<std::string> told;
  ProgressReporter reporter(clock, [&](const ProgressMessage& message) {
    told.push_back(std::string(ToWord(message.phase)) + std::to_string(message.step));
  });
  const auto report = [&](int generation, std::int64_t step, TrainerPhase phase) {
    ProgressMessage message;
    message.generation = generation;
    message.step = step;
    message.phase = phase;
    reporter.Report(message);
  };
  report(0, 0, TrainerPhase::kTraining);
  for (std::int64_t step = 1; step <= 100; ++step) {
    clock.Advance(std::chrono::milliseconds(10));
    report(0, step, TrainerPhase::kTraining);
  }
  report(0, 100, TrainerPhase::kEvaluating);
  report(0, 100, TrainerPhase::kExchanging);
  report(1, 0, TrainerPhase::kTraining);
  EXPECT_THAT(told,
              ElementsAre("Training0", "Training50", "Training100", "Evaluating100", "Exchanging100", "Training0"));
}

}  // namespace
}  // namespace eoa::train
