// Kills the broker at every write of a whole job, before and after the write has reached the store, and starts it anew
// with what the store holds: every decision must be the one of an undisturbed job.
#include "broker/core/broker.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "broker/core/view.h"
#include "tests/unit/broker/core/broker_fixture.h"

namespace eoa::broker {
namespace {

constexpr std::size_t kNever = 1'000'000;

// Holds events in memory; at write number `fatal` it dies, having stored the event or not.
class MortalStore final : public StateStore {
 public:
  std::vector<Event> events;
  std::size_t fatal = kNever;
  bool stored_before_death = false;
  bool dead = false;

  Status Append(const Event& event) override {
    if (dead) return UnavailableError("dead");
    dead = events.size() == fatal;
    if (!dead || stored_before_death) events.push_back(event);
    return dead ? Status(UnavailableError("died")) : OkStatus();
  }
  Result<std::vector<Event>> Load() override { return events; }
};

class Job {
 public:
  Job(const api::JobSpec& spec, MortalStore& store) : spec_(spec), store_(store) { Restart(); }

  // Both populations to the end, as their agents do it: report until it is accepted, ask until there is a decision.
  void Run() {
    for (int population : {kWolves, kWhales}) JoinAll(population, 1);
    for (int generation = 0; generation < spec_.ecosphere.generations; ++generation) {
      for (int population : {kWolves, kWhales}) ReportUntilAccepted(population, generation);
      for (int population : {kWolves, kWhales}) decisions_.push_back(AskUntilDecided(population, generation));
    }
  }

  const std::vector<nlohmann::json>& decisions() const { return decisions_; }

 private:
  void Restart() {
    if (store_.dead) store_.fatal = kNever;
    store_.dead = false;
    auto state = Broker::Restore(spec_, store_);
    ASSERT_TRUE(state.ok()) << state.error().ToString();
    broker_ = std::make_unique<Broker>(*std::move(state), store_, kSilence, 100);
    Replies replies;
    broker_->Tick(now_, replies);
  }

  void RestartIfDead() {
    if (store_.dead) Restart();
  }

  void JoinAll(int population, int process) {
    while (!broker_->state().worlds[static_cast<std::size_t>(population)].running) {
      for (int pod : {0, 1}) {
        api::JoinRequest request;
        request.pod = pod;
        request.incarnation = Core::Incarnation(process, pod);
        Replies replies;
        broker_->Join(population, request, net::Responder(nullptr), now_, replies);
      }
      RestartIfDead();
    }
  }

  void ReportUntilAccepted(int population, int generation) {
    const double luck = 0.1 * ((generation * 7 + population * 3) % 10);
    for (;;) {
      Replies replies;
      const auto answer = broker_->Report(population, Report(1, generation, {luck, 0.3}), now_, replies);
      if (ReasonOf(answer).empty()) break;
      ASSERT_EQ(ReasonOf(answer), "Unavailable");
      RestartIfDead();
    }
    RestartIfDead();
  }

  nlohmann::json AskUntilDecided(int population, int generation) {
    for (int tries = 0; tries < 10; ++tries) {
      Replies replies;
      broker_->Decision({population, 1, generation}, 0, net::Responder(nullptr), now_, replies);
      if (const auto decision = DecisionFor(broker_->state(), population, generation)) return api::ToJson(*decision);
      RestartIfDead();
    }
    ADD_FAILURE() << "no decision for generation " << generation;
    return nullptr;
  }

  const api::JobSpec spec_;
  MortalStore& store_;
  const SteadyTime now_ = At(0);
  std::unique_ptr<Broker> broker_;
  std::vector<nlohmann::json> decisions_;
};

class RestartTest : public testing::TestWithParam<api::ExchangeMode> {};

TEST_P(RestartTest, AKillAtAnyWriteChangesNoDecision) {
  api::JobSpec spec = TwoPopulations();
  spec.ecosphere.exchange.mode = GetParam();
  MortalStore undisturbed;
  Job expected(spec, undisturbed);
  expected.Run();
  ASSERT_EQ(expected.decisions().size(), 10U);
  for (std::size_t fatal = 0; fatal < undisturbed.events.size(); ++fatal) {
    for (const bool stored : {false, true}) {
      MortalStore store;
      store.fatal = fatal;
      store.stored_before_death = stored;
      Job job(spec, store);
      job.Run();
      EXPECT_EQ(job.decisions(), expected.decisions()) << "write " << fatal << (stored ? ", stored" : ", lost");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, RestartTest, testing::Values(api::ExchangeMode::kSync, api::ExchangeMode::kAsync),
                         [](const auto& mode) { return mode.param == api::ExchangeMode::kSync ? "Sync" : "Async"; });

TEST(Restart, WhatIsTerminalStaysSo) {
  MortalStore store;
  store.events = {PopulationStopped{"wolves", "no restarts left"}};
  const auto state = Broker::Restore(TwoPopulations(), store);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->populations[kWolves].stopped, "no restarts left");
}

TEST(Restart, AnotherJobsEventsAreRefused) {
  MortalStore store;
  store.events = {PopulationStopped{"bears", "who?"}};
  const auto state = Broker::Restore(TwoPopulations(), store);
  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().code(), ErrorCode::kDataLoss);
}

TEST(Restart, AStoreThatFailsRefusesReportsAndIsTriedAgain) {
  MortalStore store;
  Broker broker(InitialState(TwoPopulations()), store, kSilence, 100);
  Replies replies;
  for (int pod : {0, 1}) {
    api::JoinRequest request;
    request.pod = pod;
    request.incarnation = "a" + std::to_string(pod);
    broker.Join(kWolves, request, net::Responder(nullptr), At(0), replies);
  }
  store.dead = true;
  EXPECT_EQ(ReasonOf(broker.Report(kWolves, Report(1, 0, {0.1, 0.2}), At(1), replies)), "Unavailable");
  ASSERT_TRUE(broker.store_fault());
  EXPECT_EQ(broker.store_fault()->error.message(), "dead");
  EXPECT_EQ(broker.NextWakeup(At(1)), At(2));
  const std::uint64_t changes = broker.changes();
  EXPECT_EQ(ReasonOf(broker.Report(kWolves, Report(1, 0, {0.1, 0.2}), At(61), replies)), "Unavailable");
  EXPECT_EQ(broker.store_fault()->lasting, std::chrono::seconds(60)) << "from the first to the last try";
  EXPECT_EQ(broker.changes(), changes) << "it is told once";
  store.dead = false;
  EXPECT_EQ(ReasonOf(broker.Report(kWolves, Report(1, 0, {0.1, 0.2}), At(62), replies)), "");
  EXPECT_FALSE(broker.store_fault());
  EXPECT_GT(broker.changes(), changes);
}

// Takes what is appended together whole or not at all.
class BatchStore final : public StateStore {
 public:
  std::vector<std::size_t> writes;  // how many events each had
  bool fails = false;

  Status Append(const Event& event) override { return AppendTogether({event}); }
  Status AppendTogether(const std::vector<Event>& events) override {
    if (fails) return UnavailableError("full");
    writes.push_back(events.size());
    return OkStatus();
  }
  Result<std::vector<Event>> Load() override { return std::vector<Event>(); }
};

TEST(Restart, AReportThatClosesItsRoundIsOneWriteWithItAndNoneWhenThatFails) {
  BatchStore store;
  Broker broker(InitialState(TwoPopulations()), store, kSilence, 100);
  Replies replies;
  for (const int population : {kWolves, kWhales}) {
    for (int pod : {0, 1}) {
      api::JoinRequest request;
      request.pod = pod;
      request.incarnation = "a";
      broker.Join(population, request, net::Responder(nullptr), At(0), replies);
    }
  }
  const auto report = [&](int population, int generation) {
    return ReasonOf(broker.Report(population, Report(1, generation, {0.1, 0.2}), At(1), replies));
  };
  EXPECT_EQ(report(kWolves, 0), "");
  const nlohmann::json open = EcosphereJson(broker.state());
  store.fails = true;
  EXPECT_EQ(report(kWhales, 0), "Unavailable");
  EXPECT_EQ(EcosphereJson(broker.state()), open) << "nobody sees what is not stored";
  EXPECT_FALSE(broker.state().population(kWhales).last_report);
  store.fails = false;
  EXPECT_EQ(report(kWhales, 0), "");
  EXPECT_EQ(report(kWhales, 1), "");
  store.fails = true;
  EXPECT_EQ(report(kWolves, 1), "Unavailable");
  store.fails = false;
  EXPECT_EQ(report(kWolves, 1), "");
  EXPECT_EQ(MakeView(broker.state()).rounds.size(), 2U);
  EXPECT_EQ(store.writes, (std::vector<std::size_t>{1, 1, 1, 2, 1, 2}))
      << "two attempts; then each round's two reports";
}

// Loses what it held until somebody puts it back.
class ForgetfulStore final : public StateStore {
 public:
  std::vector<Event> events;
  bool lost = false;

  Status Append(const Event& event) override {
    if (lost) return DataLossError("gone");
    events.push_back(event);
    return OkStatus();
  }
  Result<std::vector<Event>> Load() override {
    if (lost) return DataLossError("gone");
    return events;
  }
};

TEST(Restart, EventsThatWereLostAndPutBackAreReadAgain) {
  ForgetfulStore store;
  Broker broker(InitialState(TwoPopulations()), store, kSilence, 100);
  Replies replies;
  broker.Stop(kWhales, "not needed", At(0), replies);
  store.lost = true;
  broker.Stop(kWolves, "not needed", At(1), replies);
  ASSERT_TRUE(broker.store_fault());
  EXPECT_EQ(broker.store_fault()->error.code(), ErrorCode::kDataLoss);
  store.lost = false;
  broker.Tick(*broker.NextWakeup(At(1)), replies);
  EXPECT_FALSE(broker.store_fault());
  EXPECT_EQ(broker.state().population(kWhales).stopped, "not needed");
}

TEST(Restart, SilenceCountsFromWhenAgentsCanReachTheBrokerAndWithGrace) {
  MortalStore store;
  {
    Core core(TwoPopulations());
    core.JoinAll(kWolves);
    store.events = core.events();
  }
  Broker broker(*Broker::Restore(TwoPopulations(), store), store, kSilence, 100, false);
  const auto running = [&] { return broker.state().worlds[kWolves].running; };
  Replies replies;
  broker.Tick(At(0), replies);
  broker.Tick(At(1000), replies);
  EXPECT_TRUE(running()) << "nobody could reach it";
  broker.BecomeReachable(std::chrono::seconds(20), At(1000));
  EXPECT_EQ(broker.NextWakeup(At(1000)), At(1050));
  broker.Tick(At(1049), replies);
  EXPECT_TRUE(running());
  broker.Tick(At(1050), replies);
  EXPECT_FALSE(running()) << "who is gone is lost all the same";
}

}  // namespace
}  // namespace eoa::broker
