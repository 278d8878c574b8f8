// Thousands of short lives of a job in a cluster where anything may happen at any time, drawn by seed: agents join and
// are lost, populations finish and fail, elections are held, people suspend, resume, delete and change things, the
// operator restarts, time passes. Whatever happens, Plan must bring the job to where it should be and then be silent.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/random.h"
#include "operator/plan/plan.h"

#include "operator/plan/draft.h"
#include "tests/unit/operator/plan/plan_fixture.h"

namespace eoa::plan {
namespace {

using std::chrono::seconds;

constexpr int kMostSteps = 10;

// Executes what is planned. What the broker has stored outlives the broker, as on a real cluster.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed, {HashName("plan"), 0}) {
    seen_.job = SmallJob();
    seen_.generation = 1;
    api::RunPolicy& policy = seen_.job->spec.run_policy;
    policy.max_population_restarts = Below(4);
    policy.backoff_limit = Below(6);
    policy.success_policy.type = Below(2) == 0 ? api::SuccessType::kAll : api::SuccessType::kAny;
    policy.clean_pod_policy = static_cast<api::CleanPodPolicy>(Below(4));
    policy.active_deadline_seconds = Below(3) == 0 ? 20'000 : 0;
    policy.ttl_seconds_after_finished = 1'000'000'000;
    seen_.default_storage_class = Below(2) == 0;
    for (const api::PopulationSpec& population : seen_.job->spec.populations) {
      broker::PopulationView view;
      view.name = population.name;
      view.phase = BrokerPhase::kJoining;
      stored_.populations.push_back(view);
    }
  }

  void Happen() {
    now_ += seconds(Below(300));
    const auto whose = static_cast<std::size_t>(Below(2));
    broker::PopulationView& view = stored_.populations[whose];
    const bool served = seen_.ecosphere.has_value();
    const bool ended = HasEnded(view.phase);
    switch (Below(12)) {
      case 0:
      case 1:
      case 2:
        if (served && view.phase == BrokerPhase::kJoining) {
          view.phase = BrokerPhase::kRunning;
          ++view.attempt;
          seen_.last_progress[view.name] = now_;
        }
        break;
      case 3:
        if (served && view.phase == BrokerPhase::kRunning) view.phase = BrokerPhase::kJoining;
        break;
      case 4:
        if (served && view.phase == BrokerPhase::kRunning) Finish(view, Below(4) != 0);
        break;
      case 5:
        if (served && !ended) Elect();
        break;
      case 6:
        seen_.job->spec.suspend = !seen_.job->spec.suspend;
        ++seen_.generation;
        break;
      case 7:
        if (!seen_.stateful_sets.empty()) seen_.stateful_sets.erase(seen_.stateful_sets.begin());
        break;
      case 8:
        seen_.services.clear();
        break;
      case 9:
        if (!seen_.stateful_sets.empty()) Resize(seen_.stateful_sets.back(), Below(9));
        break;
      case 10:
        seen_.ecosphere.reset();  // the operator restarts
        seen_.last_progress.clear();
        break;
      default:
        now_ += seconds(Below(700));
    }
    if (seen_.ecosphere) seen_.ecosphere = stored_;
  }

  // Writes until nothing is left to do, or -1.
  int Settle() {
    int writes = 0;
    for (int step = 0; step < kMostSteps; ++step) {
      const int now = Step();
      if (now < 0) return writes;
      writes += now;
    }
    return -1;
  }

  // Nothing happens any more but that time passes: how often in a row the job asks to be looked at and nothing comes of
  // it, or -1 when that does not end.
  int Rest() {
    constexpr int kLongest = 10;
    int idle = 0;
    int most = 0;
    // The last look is that which removes a job that has ended.
    for (int looks = 0; requeue_ && *requeue_ < std::chrono::hours(1000) && looks < 200; ++looks) {
      now_ += *requeue_;
      const int writes = Settle();
      if (writes < 0) return -1;
      idle = writes > 0 ? 0 : idle + 1;
      most = std::max(most, idle);
      if (idle > kLongest) return -1;
    }
    return most;
  }

  Observed seen_;
  broker::EcosphereView stored_;
  int made_ = 0;  // children that were not there
  std::optional<Duration> requeue_;

 private:
  int Below(int limit) { return static_cast<int>(random_.NextBelow(static_cast<std::uint64_t>(limit))); }

  // How many writes; -1 when nothing was asked for.
  int Step() {
    const PlanResult planned = Plan(kSettings, seen_, now_);
    int writes = 0;
    bool did = false;
    for (const Action& action : planned.actions) {
      if (std::holds_alternative<EmitEvent>(action)) continue;
      did = true;
      Do(action, writes);
    }
    if (planned.status != seen_.status) {
      seen_.status = api::StatusFromJson(api::ToJson(planned.status));
      ++writes;
    }
    requeue_ = planned.requeue_after;
    EXPECT_TRUE(!requeue_ || *requeue_ >= seconds(1)) << "the job would be reconciled over and over";
    const bool opens = planned.keep_broker && !seen_.ecosphere;
    if (!planned.keep_broker) {
      seen_.ecosphere.reset();
      Disconnect();
    } else {
      seen_.ecosphere = stored_;
    }
    return did || opens || writes > 0 ? writes : -1;
  }

  void Do(const Action& action, int& writes) {
    if (const auto* apply = std::get_if<Apply>(&action)) {
      ++writes;
      made_ += apply->missing ? 1 : 0;
      Put(seen_, apply->object);
    } else if (const auto* remove = std::get_if<Delete>(&action)) {
      ++writes;
      const auto is_it = [&](const JsonPtr& each) { return each->at("metadata").at("name") == remove->name; };
      if (remove->kind == "StatefulSet") std::erase_if(seen_.stateful_sets, is_it);
      if (remove->kind == "Service") std::erase_if(seen_.services, is_it);
    } else if (const auto* stop = std::get_if<StopPopulation>(&action)) {
      for (broker::PopulationView& view : stored_.populations) {
        if (view.name != stop->name) continue;
        view.phase = BrokerPhase::kFailed;
        view.last_error = stop->reason;
      }
    } else if (const auto* restart = std::get_if<RestartPopulation>(&action)) {
      for (broker::PopulationView& view : stored_.populations) {
        if (view.name == restart->name) view.phase = BrokerPhase::kJoining;
      }
      seen_.last_progress.erase(restart->name);
    }
  }

  // Agents that no broker serves, or whose pods are gone, have to join again.
  void Disconnect() {
    for (broker::PopulationView& view : stored_.populations) {
      if (view.phase == BrokerPhase::kRunning) view.phase = BrokerPhase::kJoining;
    }
  }

  static void Resize(JsonPtr& set, int replicas) {
    json changed = *set;
    changed["spec"]["replicas"] = replicas;
    set = std::make_shared<const json>(std::move(changed));
  }

  static void Finish(broker::PopulationView& view, bool succeeded) {
    view.phase = succeeded ? BrokerPhase::kSucceeded : BrokerPhase::kFailed;
    view.finished.emplace();
    view.finished->succeeded = succeeded;
    if (succeeded) view.finished->model = "/checkpoints/model.safetensors";
    if (!succeeded) view.finished->error = "diverged";
  }

  void Elect() {
    api::Decision decision;
    decision.generation = stored_.last_decision ? stored_.last_decision->generation + 1 : 0;
    decision.elected = {"wolves", 1, 0.2, 0.5, decision.generation};
    if (decision.generation < 4) stored_.last_decision = decision;
  }

  SeededRandom random_;
  WallTime now_ = kNoon;
};

void CheckChildren(const World& world) {
  const api::RunPolicy& policy = world.seen_.job->spec.run_policy;
  const bool ended = api::IsTerminal(world.seen_.status);
  const bool pods = ended ? policy.clean_pod_policy == api::CleanPodPolicy::kNone : !world.seen_.job->spec.suspend;
  if (!ended) {
    EXPECT_EQ(world.seen_.stateful_sets.size(), 2);
    EXPECT_EQ(world.seen_.services.size(), 1);
    EXPECT_EQ(world.seen_.config_maps.size(), 1);
  }
  const std::string holder = ended ? FindModelHolder(world.seen_, world.seen_.status) : "";
  for (const JsonPtr& set : world.seen_.stateful_sets) {
    const bool holds = !holder.empty() && set->at("metadata").at("name") == "small-" + holder;
    EXPECT_EQ(set->at("spec").at("replicas"), pods ? 3 : holds ? 1 : 0);
  }
  EXPECT_EQ(world.seen_.ecosphere.has_value(), !ended && pods);
}

void CheckBudget(const World& world, const api::JobStatus& before) {
  const api::RunPolicy& policy = world.seen_.job->spec.run_policy;
  const api::JobStatus& after = world.seen_.status;
  for (std::size_t i = 0; i < before.populations.size(); ++i) {
    EXPECT_GE(after.populations[i].restarts, before.populations[i].restarts) << "restarts were forgotten";
    // The attempt that exceeds the budget is seen once it began; it is stopped at once.
    EXPECT_LE(after.populations[i].restarts, policy.max_population_restarts + 1);
    if (after.populations[i].restarts > policy.max_population_restarts) {
      EXPECT_NE(world.stored_.populations[i].phase, BrokerPhase::kRunning) << after.populations[i].name;
    }
  }
  // Once the job's budget is used up, one more restart ends each population.
  EXPECT_LE(after.restarts, policy.backoff_limit + static_cast<int>(after.populations.size()));
}

void CheckTerminal(const World& world, const api::JobStatus& before, int made_before) {
  if (!api::IsTerminal(before)) return;
  const api::JobStatus& after = world.seen_.status;
  EXPECT_EQ(after.phase, before.phase);
  EXPECT_EQ(after.conditions, before.conditions);
  EXPECT_EQ(after.completion_time, before.completion_time);
  EXPECT_EQ(world.made_, made_before) << "a child was made after the end";
}

TEST(PlanProperty, WhateverHappensAJobConvergesKeepsItsBudgetsAndEndsOnce) {
  constexpr std::uint64_t kLives = 60;
  constexpr int kEvents = 60;
  int ends = 0;
  for (std::uint64_t seed = 1; seed <= kLives; ++seed) {
    World world(seed);
    for (int event = 0; event < kEvents; ++event) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", event " + std::to_string(event));
      const api::JobStatus before = world.seen_.status;
      const int made_before = world.made_;
      if (event > 0) world.Happen();
      ASSERT_GE(world.Settle(), 0) << "it does not settle";
      ASSERT_EQ(world.Settle(), 0) << "a steady state writes";
      CheckChildren(world);
      CheckBudget(world, before);
      CheckTerminal(world, before, made_before);
      if (::testing::Test::HasFailure()) return;
    }
    ends += api::IsTerminal(world.seen_.status) ? 1 : 0;
    EXPECT_GE(world.Rest(), 0) << "seed " << seed << ": it asks to be looked at for ever";
  }
  EXPECT_GT(ends, static_cast<int>(kLives / 4)) << "most lives should be long enough to end";
}

}  // namespace
}  // namespace eoa::plan
