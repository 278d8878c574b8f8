#include "trainer/agent/telemetry.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/estimate/network_cost.h"
#include "tests/unit/trainer/agent/agent_fixture.h"

namespace eoa::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TelemetryTest : public ::testing::Test {
 protected:
  void Said(int worker, train::FromWorker message, double seconds) {
    telemetry_.Observe(Event{0, MessageReceived{worker, std::move(message)}}, At(seconds));
  }
  void Did(Action action, double seconds) { telemetry_.Observe(action, At(seconds)); }
  void Start(int attempt, double seconds) {
    train::StartMessage start;
    start.attempt = attempt;
    start.learning_rates = {0.1, 0.2, 0.3, 0.4};
    Did(StartWorkers{{start, start}}, seconds);
  }
  static train::ProgressMessage Progress(std::int64_t steps, double seconds,
                                         TrainerPhase phase = TrainerPhase::kTraining) {
    return {.generation = 2,
            .step = 7,
            .steps = 10,
            .images_per_second = 128.5,
            .train_loss = 1.25,
            .phase = phase,
            .total_steps = steps,
            .train_seconds = seconds,
            .data_wait_seconds = seconds / 4,
            .communication_seconds = seconds / 8,
            .device_memory_bytes = steps == 16 ? 0 : 5'000'000'000,
            .checkpoint_seconds = seconds / 16,
            .checkpoint_failures = 1};
  }
  std::string Page(double seconds = 100) const { return telemetry_.Render(At(seconds)); }

  Telemetry telemetry_{TestSetup(0, 1), "1.2.3", At(0)};  // the pod of members 2 and 3
};

std::string AsInteger(double value) { return std::to_string(std::llround(value)); }

constexpr const char* kMember2 = R"({job_namespace="",job_name="test",population="wolves",member="2"} )";

TEST_F(TelemetryTest, TellsWhereEachMemberOfThePodStands) {
  Start(3, 1);
  Said(0, Progress(17, 8), 10);
  Said(1, Progress(16, 8), 10);
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_step") + kMember2 + "7\n"));
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_images_per_second") + kMember2 + "128.5\n"));
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_train_loss") + kMember2 + "1.25\n"));
  const double flops = 128.5 * api::TrainingFlopsPerImage(TestJob().spec.trainer);
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_model_flops_per_second") + kMember2 + AsInteger(flops) + "\n"));
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_device_memory_bytes") + kMember2 + "5000000000\n"));
  EXPECT_THAT(
      page,
      Not(HasSubstr("device_memory_bytes{job_namespace=\"\",job_name=\"test\",population=\"wolves\",member=\"3\"}")));
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_steps_total") + kMember2 + "17\n"));
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_data_wait_seconds_total") + kMember2 + "2\n"));
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_communication_seconds_total") + kMember2 + "1\n"));
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_checkpoint_wait_seconds_total") + kMember2 + "0.5\n"));
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_checkpoint_failures_total") + kMember2 + "1\n"));
  EXPECT_THAT(page, HasSubstr("member=\"3\"} 16\n"));
  EXPECT_THAT(page, HasSubstr("eoa_trainer_attempt{job_namespace=\"\",job_name=\"test\",population=\"wolves\"} 3\n"));
}

TEST_F(TelemetryTest, NamesEveryFamilyOnceWithItsTypeAndLeavesOutThoseWithoutAValue) {
  const std::string empty = Page();
  EXPECT_THAT(empty, Not(HasSubstr("eoa_trainer_step ")));
  EXPECT_THAT(empty, Not(HasSubstr("eoa_trainer_fitness")));
  EXPECT_THAT(empty, HasSubstr("# TYPE eoa_trainer_steps_total counter\n"));
  Start(1, 1);
  Said(0, Progress(1, 1), 2);
  Said(1, Progress(1, 1), 2);
  const std::string page = Page();
  const std::string head = "# TYPE eoa_trainer_step gauge\n";
  EXPECT_EQ(page.find(head), page.rfind(head));
  EXPECT_NE(page.find(head), std::string::npos);
}

TEST_F(TelemetryTest, CountsOnWhenWorkersStartAnew) {
  Start(1, 1);
  Said(0, Progress(17, 8), 10);
  telemetry_.Observe(Event{0, WorkerExited{0, ExitStatus{.code = 75, .signal = 0}}}, At(11));
  telemetry_.Observe(Event{0, WorkerExited{1, ExitStatus{.code = 0, .signal = 9}}}, At(11));
  Did(SendJoin{}, 11);
  EXPECT_THAT(Page(), Not(HasSubstr("eoa_trainer_images_per_second")));
  Start(2, 12);
  Said(0, Progress(5, 2), 14);
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_steps_total") + kMember2 + "22\n"));
  EXPECT_THAT(page, HasSubstr(std::string("eoa_trainer_step_seconds_total") + kMember2 + "10\n"));
  EXPECT_THAT(page, HasSubstr("code=\"75\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("code=\"137\"} 1\n"));
}

TEST_F(TelemetryTest, CountsTheTimeOfEachPhase) {
  Start(1, 10);
  Said(0, Progress(1, 1, TrainerPhase::kTraining), 15);
  Said(0, Progress(2, 2, TrainerPhase::kTraining), 25);
  Said(0, Progress(2, 2, TrainerPhase::kExchanging), 35);
  const std::string page = Page(40);
  EXPECT_THAT(page, HasSubstr("phase=\"Joining\"} 10\n"));
  EXPECT_THAT(page, HasSubstr("phase=\"Starting\"} 5\n"));
  EXPECT_THAT(page, HasSubstr("phase=\"Training\"} 20\n"));
  EXPECT_THAT(page, HasSubstr("phase=\"Exchanging\"} 5\n"));
}

TEST_F(TelemetryTest, TellsRatesAndFitnessOfAllMembersWhereTheLeaderIs) {
  Start(1, 1);
  EXPECT_THAT(Page(), HasSubstr("eoa_trainer_learning_rate{job_namespace=\"\",job_name=\"test\",population=\"wolves\","
                                "member=\"3\"} 0.4\n"));
  Said(0, EndOf(0), 5);
  Did(SendToWorker{0, train::NextMessage{.generation = 1, .learning_rates = {0.5, 0.6, 0.7, 0.8}, .foreign = {}}}, 6);
  EXPECT_THAT(Page(), HasSubstr("member=\"3\"} 0.8\n"));
  EXPECT_THAT(Page(), HasSubstr("eoa_trainer_fitness{job_namespace=\"\",job_name=\"test\",population=\"wolves\","
                                "member=\"0\"} 0.5\n"));
}

TEST_F(TelemetryTest, IsHealthyWhileTheLoopTurns) {
  telemetry_.Turn(At(10));
  EXPECT_TRUE(telemetry_.Healthy(At(69)));
  EXPECT_FALSE(telemetry_.Healthy(At(70)));
}

}  // namespace
}  // namespace eoa::agent
