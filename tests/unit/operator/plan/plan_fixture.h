// A job's world for tests of the planner: a cluster that does what it is told, and nothing more.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "operator/plan/plan.h"
#include "tests/unit/operator/plan/job_fixture.h"

namespace eoa::plan {

using nlohmann::json;

inline const TrainerSettings kSettings{.image = "eoa-trainer:test", .broker_url = "http://broker:8080"};
inline const WallTime kNoon{std::chrono::seconds(1'800'000'000)};

// What an API server does with an object that is applied.
inline void Put(Observed& seen, const json& object) {
  std::vector<JsonPtr>& list = object.at("kind") == "StatefulSet" ? seen.stateful_sets
                               : object.at("kind") == "Service"   ? seen.services
                                                                  : seen.config_maps;
  std::erase_if(
      list, [&](const JsonPtr& each) { return each->at("metadata").at("name") == object.at("metadata").at("name"); });
  list.push_back(std::make_shared<const json>(object));
}

class Cluster {
 public:
  explicit Cluster(api::Job job = SmallJob()) {
    seen_.job = std::move(job);
    seen_.generation = 1;
  }

  // Plans once and carries everything out; how many writes that took.
  int Step() {
    const PlanResult planned = Plan(kSettings, seen_, now_);
    int writes = 0;
    for (const Action& action : planned.actions) {
      if (const auto* apply = std::get_if<Apply>(&action)) {
        Put(seen_, apply->object);
        ++writes;
      } else if (const auto* event = std::get_if<EmitEvent>(&action)) {
        events_.push_back(event->reason);
      } else if (const auto* stop = std::get_if<StopPopulation>(&action)) {
        View(stop->name).phase = BrokerPhase::kFailed;
        View(stop->name).last_error = stop->reason;
      } else if (const auto* restart = std::get_if<RestartPopulation>(&action)) {
        restarted_.push_back(restart->name);
        seen_.last_progress[restart->name] = now_;
      } else if (const auto* remove = std::get_if<Delete>(&action)) {
        deleted_.push_back(remove->kind);
        ++writes;
      }
    }
    if (planned.status != seen_.status) {
      // As the API server keeps it.
      seen_.status = api::StatusFromJson(api::ToJson(planned.status));
      ++writes;
    }
    keeps_broker_ = planned.keep_broker;
    requeue_ = planned.requeue_after;
    EXPECT_TRUE(!requeue_ || *requeue_ >= std::chrono::seconds(1)) << "the job would be reconciled over and over";
    if (planned.keep_broker && !seen_.ecosphere) OpenBroker();
    if (!planned.keep_broker) seen_.ecosphere.reset();
    return writes;
  }

  // Until nothing is left to do.
  int Settle() {
    int writes = 0;
    for (int i = 0; i < 10; ++i) {
      const int now = Step();
      writes += now;
      if (now == 0) return writes;
    }
    ADD_FAILURE() << "it does not settle";
    return writes;
  }

  void Run() {
    Settle();
    for (broker::PopulationView& view : seen_.ecosphere->populations) {
      view.phase = BrokerPhase::kRunning;
      ++view.attempt;
    }
    Settle();
  }

  void Decide(int generation, const std::string& elected = "wolves") {
    api::Decision& decision = seen_.ecosphere->last_decision.emplace();
    decision.generation = generation;
    decision.elected = {elected, 1, 0.2, 0.5, generation};
    decision.baseline = 0.2;
  }

  void Finish(const std::string& population, bool succeeded = true, const std::string& error = "") {
    broker::PopulationView& view = View(population);
    view.phase = succeeded ? BrokerPhase::kSucceeded : BrokerPhase::kFailed;
    view.finished.emplace();
    view.finished->succeeded = succeeded;
    view.finished->error = error;
    if (!succeeded) return;
    view.finished->test_accuracy = 0.6;
    view.finished->model = "/checkpoints/model.safetensors";
  }

  broker::PopulationView& View(const std::string& name) {
    for (broker::PopulationView& view : seen_.ecosphere->populations) {
      if (view.name == name) return view;
    }
    ADD_FAILURE() << name;
    return seen_.ecosphere->populations[0];
  }

  void AddPod(const std::string& population, const json& status) {
    seen_.pods.push_back(std::make_shared<const json>(
        json{{"metadata", {{"name", "small-" + population + "-0"}, {"labels", {{"eoa.io/population", population}}}}},
             {"status", status}}));
  }

  int Replicas(const std::string& set) const {
    for (const JsonPtr& each : seen_.stateful_sets) {
      if (each->at("metadata").at("name") == set) return each->at("spec").at("replicas");
    }
    return -1;
  }

  const api::JobStatus& status() const { return seen_.status; }
  const api::Condition& condition(ConditionType type) const {
    static const api::Condition kNone;
    const api::Condition* found = api::FindCondition(seen_.status, type);
    return found == nullptr ? kNone : *found;
  }

  Observed seen_;
  WallTime now_ = kNoon;
  std::vector<std::string> events_;
  std::vector<std::string> restarted_;
  std::vector<std::string> deleted_;
  bool keeps_broker_ = false;
  std::optional<Duration> requeue_;

 private:
  void OpenBroker() {
    seen_.ecosphere.emplace();
    for (const api::PopulationSpec& population : seen_.job->spec.populations) {
      broker::PopulationView view;
      view.name = population.name;
      view.phase = BrokerPhase::kJoining;
      for (const api::PopulationStatus& row : seen_.status.populations) {
        if (row.name == population.name) view.attempt = std::max(view.attempt, attempts_);
      }
      seen_.ecosphere->populations.push_back(view);
    }
  }

 public:
  int attempts_ = 0;  // what the broker's store remembers
};

}  // namespace eoa::plan
