#include "trainer/agent/worker_gang.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/unit/trainer/agent/agent_fixture.h"
#include "trainer/agent/start_messages.h"
#include "trainer/agent/store_socket.h"

namespace eoa::agent {
namespace {

using ::testing::Contains;
using ::testing::Pair;

constexpr auto kLimit = std::chrono::seconds(20);

std::vector<train::StartMessage> TwoMembers(const StoreSocket& store, const std::string& directory) {
  PodSetup setup = TestSetup();
  setup.directory = directory;
  api::JoinAnswer answer;
  answer.attempt = 1;
  answer.master_address = "127.0.0.1";
  answer.master_port = store.port();
  answer.world_size = 2;
  return MakeStartMessages(setup, answer, setup.start_rates);
}

// Collects until `enough` says so, or fails the test.
std::vector<GangEvent> CollectUntil(WorkerGang& gang,
                                    const std::function<bool(const std::vector<GangEvent>&)>& enough) {
  std::vector<GangEvent> all;
  const SteadyTime deadline = RealClock().SteadyNow() + kLimit;
  while (!enough(all)) {
    if (RealClock().SteadyNow() > deadline) {
      ADD_FAILURE() << "nothing happens";
      break;
    }
    std::vector<pollfd> entries = gang.PollEntries();
    ::poll(entries.data(), entries.size(), 1000);
    for (GangEvent& event : gang.Collect()) all.push_back(std::move(event));
  }
  return all;
}

int Exits(const std::vector<GangEvent>& events) {
  int exits = 0;
  for (const GangEvent& event : events) exits += std::holds_alternative<ExitStatus>(event.what) ? 1 : 0;
  return exits;
}

class WorkerGangTest : public ::testing::Test {
 protected:
  Result<WorkerGang> Start(std::map<std::string, std::string> environment = {}) {
    store_.emplace(StoreSocket::Listen("127.0.0.1").value());
    return WorkerGang::Start({EOA_BINARY_DIR "/scripted_worker", std::move(environment), store_->descriptor()},
                             TwoMembers(*store_, ::testing::TempDir()));
  }
  std::optional<StoreSocket> store_;
};

TEST_F(WorkerGangTest, MessagesGoBothWaysAndAnExitIsSeenAfterTheLastMessage) {
  auto gang = Start();
  ASSERT_TRUE(gang.ok()) << gang.error().ToString();
  const auto ended = [](const GangEvent& event) {
    const auto* message = std::get_if<train::FromWorker>(&event.what);
    return message != nullptr && std::holds_alternative<train::GenerationEndMessage>(*message);
  };
  CollectUntil(*gang, [&](const auto& events) { return std::any_of(events.begin(), events.end(), ended); });
  gang->Send(0, train::NextMessage{.generation = 4, .learning_rates = {}, .foreign = {}});
  gang->Send(0, train::FinishMessage{.measure_test = true});
  const auto events = CollectUntil(*gang, [](const auto& all) { return Exits(all) == 2; });
  // The result comes before the exit of the worker that sent it.
  bool result = false;
  for (const GangEvent& event : events) {
    if (const auto* message = std::get_if<train::FromWorker>(&event.what)) {
      result = result || std::holds_alternative<train::ResultMessage>(*message);
    } else if (event.worker == 0) {
      EXPECT_TRUE(result);
      EXPECT_TRUE(std::get<ExitStatus>(event.what).ok());
    }
  }
}

TEST_F(WorkerGangTest, ADyingGangLeavesNoProcess) {
  {
    auto gang = Start({{"EOA_SCRIPT_FAULT", "hang=1"}});
    ASSERT_TRUE(gang.ok());
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(WorkerGangTest, WhenAWorkerDiesItsPeersSeeALostPeer) {
  auto gang = Start({{"EOA_SCRIPT_FAULT", "member=1 signal=9"}});
  ASSERT_TRUE(gang.ok());
  const auto events = CollectUntil(*gang, [](const auto& all) { return Exits(all) == 2; });
  for (const GangEvent& event : events) {
    const auto* status = std::get_if<ExitStatus>(&event.what);
    if (status == nullptr) continue;
    EXPECT_EQ(event.worker == 1 ? status->signal : status->code, event.worker == 1 ? SIGKILL : 75);
  }
}

TEST(WorkerGang, AProgramThatIsNotThereIsAnError) {
  const auto gang = WorkerGang::Start({"/nowhere/worker", {}, -1}, {train::StartMessage{}});
  ASSERT_FALSE(gang.ok());
  EXPECT_EQ(gang.error().code(), ErrorCode::kNotFound);
}

TEST(WorkerGang, AProgramThatSpeaksAnotherLanguageIsKilledAndSaidSo) {
  auto gang = WorkerGang::Start({EOA_SOURCE_DIR "/tests/fakes/babbling_worker.sh", {}, -1}, {train::StartMessage{}});
  ASSERT_TRUE(gang.ok()) << gang.error().ToString();
  const auto events = CollectUntil(*gang, [](const auto& all) { return Exits(all) == 1; });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<train::ErrorMessage>(std::get<train::FromWorker>(events[0].what)));
  EXPECT_EQ(std::get<ExitStatus>(events[1].what).signal, SIGKILL);
}

TEST(WorkerEnvironment, TellsOpenMpItsThreadsAndToSleepWhileItWaits) {
  ::unsetenv("OMP_WAIT_POLICY");
  const auto environment = WorkerEnvironment(3);
  EXPECT_THAT(environment, Contains(Pair("OMP_NUM_THREADS", "3")));
  EXPECT_THAT(environment, Contains(Pair("OMP_WAIT_POLICY", "passive")));
}

}  // namespace
}  // namespace eoa::agent
