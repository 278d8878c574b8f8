// A job of two populations, wolves and whales, two members each in pods of one, and its broker's pure core: requests go
// in as values, at a time that the test chooses. What is due is applied at once, as the broker does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/core/rounds.h"
#include "broker/core/state.h"
#include "broker/core/worlds.h"

namespace eoa::broker {

inline constexpr int kWolves = 0;
inline constexpr int kWhales = 1;
inline constexpr Duration kSilence = std::chrono::seconds(30);

inline SteadyTime At(double seconds) { return SteadyTime(FromSeconds(seconds)); }

inline api::JobSpec TwoPopulations() {
  api::JobSpec spec;
  spec.ecosphere.generations = 5;
  spec.ecosphere.baseline = api::BaselineRule::kElected;
  spec.ecosphere.exchange.deadline_seconds = 10;
  for (const char* name : {"wolves", "whales"}) {
    api::PopulationSpec population;
    population.name = name;
    population.members = 2;
    spec.populations.push_back(population);
  }
  return spec;
}

inline api::ReportRequest Report(int attempt, int generation, std::vector<double> fitnesses, double rate = 0.1) {
  api::ReportRequest report{.attempt = attempt, .generation = generation, .members = {}, .images_per_second = 1};
  for (std::size_t i = 0; i < fitnesses.size(); ++i) {
    const int member = static_cast<int>(i);
    report.members.push_back(
        {.member = member, .learning_rate = rate * (member + 1), .fitness = fitnesses[i], .train_loss = 1});
  }
  return report;
}

// Of the refusal; empty: none.
template <typename T>
std::string ReasonOf(const Answer<T>& answer) {
  return answer.ok() ? "" : std::string(ToWord(answer.error().reason));
}

class Core {
 public:
  explicit Core(const api::JobSpec& spec) : state_(InitialState(spec)) {}

  EcosphereState& state() { return state_; }
  const std::vector<Event>& events() const { return events_; }

  // Applies what is due at `now`.
  void Settle(SteadyTime now) {
    for (;;) {
      WatchPods(state_, {now, kSilence});
      DropLostPods(state_, {now, kSilence});
      StartDeadlines(state_, now);
      std::optional<Event> due;
      for (const World& world : state_.worlds) {
        if (auto attempt = DueAttempt(state_, world); attempt && !due) due = *attempt;
      }
      if (!due) {
        auto election = DueElection(state_, now);
        ASSERT_TRUE(election.ok()) << election.error().ToString();
        if (*election) due = **election;
      }
      if (!due) return;
      Store(*due, now);
    }
  }

  void Store(Event event, SteadyTime now = At(0)) {
    StampRound(event, state_, now);
    TimeRound(event, state_);
    const Status applied = Apply(event, state_);
    ASSERT_TRUE(applied.ok()) << applied.error().ToString();
    events_.push_back(event);
  }

  // The reason of the refusal, or nothing.
  std::string Join(int population, int pod, const std::string& incarnation, SteadyTime now = At(0),
                   std::vector<int> checkpoints = {}, int after_attempt = 0) {
    api::JoinRequest request;
    request.pod = pod;
    request.incarnation = incarnation;
    request.after_attempt = after_attempt;
    request.address = "host-" + state_.population(population).name + "-" + std::to_string(pod);
    request.store_port = 1000 + pod;
    request.weights_port = 2000 + pod;
    request.checkpoints = std::move(checkpoints);
    request.wait_seconds = 30;
    const Answer<void> taken = TakeJoin(state_, population, request, now);
    Settle(now);
    return ReasonOf(taken);
  }

  // All pods of the population, as the `round`-th processes.
  void JoinAll(int population, int round = 1, SteadyTime now = At(0), const std::vector<int>& checkpoints = {}) {
    const int pods = static_cast<int>(state_.population(population).pods.size());
    for (int pod = 0; pod < pods; ++pod) Join(population, pod, Incarnation(round, pod), now, checkpoints);
  }

  static std::string Incarnation(int round, int pod) {
    return "process-" + std::to_string(round) + "-" + std::to_string(pod);
  }

  Answer<api::JoinAnswer> AskAgain(int population, int pod, const std::string& incarnation) const {
    return JoinStatus(state_, population, pod, incarnation);
  }

  api::JoinAnswer Place(int population, int pod, const std::string& incarnation) const {
    const auto answer = AskAgain(population, pod, incarnation);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? *answer : api::JoinAnswer{};
  }

  Answer<api::HeartbeatAnswer> Heartbeat(int population, int pod, const std::string& incarnation, int attempt,
                                         SteadyTime now) {
    api::HeartbeatRequest request;
    request.pod = pod;
    request.incarnation = incarnation;
    request.attempt = attempt;
    request.phase = TrainerPhase::kTraining;
    return TakeHeartbeat(state_, population, request, {now, kSilence});
  }

  // "late", "accepted", or the reason of the refusal.
  std::string Take(int population, const api::ReportRequest& report, SteadyTime now = At(0)) {
    const auto taken = TakeReport(state_, population, report);
    if (!taken.ok()) return ReasonOf(taken);
    if (taken->event) Store(*taken->event, now);
    Settle(now);
    return taken->answer.late ? "late" : "accepted";
  }

  // "stored", "repeated", or the reason of the refusal.
  std::string Finish(int population, const api::FinishRequest& request, SteadyTime now = At(0)) {
    const auto taken = TakeFinish(state_, population, request);
    if (!taken.ok()) return ReasonOf(taken);
    if (*taken) Store(**taken);
    Settle(now);
    return *taken ? "stored" : "repeated";
  }

  std::optional<api::Decision> Decision(int population, int generation) const {
    return DecisionFor(state_, population, generation);
  }

 private:
  EcosphereState state_;
  std::vector<Event> events_;
};

inline api::HeartbeatAnswer Beat(const Answer<api::HeartbeatAnswer>& answer) {
  EXPECT_TRUE(answer.ok());
  return answer.ok() ? *answer : api::HeartbeatAnswer{};
}

}  // namespace eoa::broker
