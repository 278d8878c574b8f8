// Hundreds of short lives of a job whose agents do anything at any time, drawn by seed, on a store that fails now and
// then. Whatever happens, the broker asks to be woken only in the future, and answers each long poll in time.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "broker/core/broker.h"
#include "common/base/random.h"
#include "tests/unit/broker/core/broker_fixture.h"

namespace eoa::broker {
namespace {

constexpr int kLongestPoll = 20;  // seconds

class FailingStore final : public StateStore {
 public:
  std::vector<Event> events;
  std::optional<Error> failure;

  Status Append(const Event& event) override {
    if (failure) return *failure;
    events.push_back(event);
    return OkStatus();
  }
  Result<std::vector<Event>> Load() override { return events; }
};

class Life {
 public:
  explicit Life(std::uint64_t seed)
      : random_(seed, {HashName("broker"), 0}), broker_(InitialState(Spec()), store_, kSilence, 6) {}

  void Happen() {
    replies_.clear();
    const int population = Below(2);
    const int pod = Below(2);
    const int what = Below(24);
    const int attempt = broker_.state().WorldOf(broker_.state().population(population)).attempt;
    const int generation = broker_.state().population(population).generation;
    if (what < 6) {
      PassTime();
    } else if (what < 10) {
      api::JoinRequest request;
      request.pod = pod;
      request.incarnation = Core::Incarnation(Below(3), pod);
      request.after_attempt = Below(2) == 0 ? attempt : 0;
      request.wait_seconds = Below(kLongestPoll + 1);
      Waits();
      broker_.Join(population, request, net::Responder(nullptr), now_, replies_);
    } else if (what < 14) {
      api::HeartbeatRequest request;
      request.pod = pod;
      request.incarnation =
          broker_.state().population(population).pods[static_cast<std::size_t>(pod)].attempt.incarnation;
      request.attempt = attempt;
      static_cast<void>(broker_.Heartbeat(population, request, now_));
    } else if (what < 18) {
      static_cast<void>(broker_.Report(population, Report(attempt, generation, {0.1 * Below(9), 0.3}), now_, replies_));
    } else if (what < 21) {
      Waits();
      broker_.Decision({population, attempt, std::max(0, generation - Below(2))}, Below(kLongestPoll + 1),
                       net::Responder(nullptr), now_, replies_);
    } else if (what == 21) {
      if (Below(2) == 0) store_.failure = UnavailableError("drawn");
      if (Below(4) == 0) store_.failure = AbortedError("drawn");
      if (Below(2) == 0) store_.failure.reset();
    } else if (what == 22) {
      broker_.Restart(population, "drawn", now_, replies_);
    } else if (Below(10) == 0) {
      broker_.Stop(population, "drawn", now_, replies_);
    }
    waiting_ -= static_cast<int>(replies_.size());
  }

 private:
  int Below(int limit) { return static_cast<int>(random_.NextBelow(static_cast<std::uint64_t>(limit))); }

  api::JobSpec Spec() {
    api::JobSpec spec = TwoPopulations();
    if (Below(4) == 0) spec.ecosphere.exchange.mode = api::ExchangeMode::kAsync;
    if (Below(4) == 0) spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
    spec.ecosphere.exchange.quorum = Below(3);
    return spec;
  }

  void Waits() {
    ++waiting_;
    last_poll_ = now_;
  }

  // To the next wakeup, or less far, or beyond it, as when the machine is slow.
  void PassTime() {
    const std::optional<SteadyTime> wakeup = broker_.NextWakeup(now_);
    if (wakeup && Below(2) == 0) {
      now_ = *wakeup;
    } else {
      now_ += std::chrono::milliseconds(Below(15'000));
    }
    broker_.Tick(now_, replies_);
    const std::optional<SteadyTime> next = broker_.NextWakeup(now_);
    ASSERT_TRUE(!next || *next > now_) << "it would spin";
    if (now_ < last_poll_ + std::chrono::seconds(kLongestPoll)) return;
    ASSERT_EQ(waiting_, static_cast<int>(replies_.size())) << "a long poll waits beyond its deadline";
  }

  SeededRandom random_;
  SteadyTime now_ = At(1000);
  FailingStore store_;
  Broker broker_;
  Replies replies_;
  SteadyTime last_poll_{};
  int waiting_ = 0;
};

TEST(BrokerProperty, WhateverHappensItWakesOnlyInTheFutureAndAnswersEachPollInTime) {
  constexpr std::uint64_t kLives = 300;
  constexpr int kEvents = 300;
  for (std::uint64_t seed = 1; seed <= kLives; ++seed) {
    Life life(seed);
    for (int event = 0; event < kEvents; ++event) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", event " + std::to_string(event));
      life.Happen();
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace eoa::broker
