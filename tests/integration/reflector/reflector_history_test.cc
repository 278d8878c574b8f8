// Judges what a reflector's callbacks were shown against what really happened at the server, while the server fails by
// chance: after etcd's robustness tests, which name what a watch promises. Here:
//   Ordered   the versions of one object only rise
//   Unique    no version of an object is shown as a change twice
//   Honest    every state that is shown was the object's at that version
//   Linked    what is called old is what was shown as new before
//   Reliable  when the server is well again, nothing is missing and nothing is left over
// The seed of a failure is printed; EOA_HISTORY_SEED=N runs that one alone, EOA_HISTORY_SEEDS=N so many.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "operator/kube/reflector.h"
#include "tests/fakes/faulty_api_server.h"

namespace eoa::kube {
namespace {

using nlohmann::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kNames = 30;
constexpr int kWrites = 300;
constexpr Duration kPatience = seconds(30);

std::string VersionOf(const JsonPtr& object) { return object->at("metadata").at("resourceVersion"); }
std::string PhaseOf(const JsonPtr& object) { return object->at("status").at("phase"); }

// The changes that a store told, and what is wrong with them.
class Witness {
 public:
  void See(const Change& change) {
    const MutexLock lock(mutex_);
    ++changes_;
    const std::string& name = change.key.name;
    const auto known = shown_.find(name);
    if ((change.old_object != nullptr) != (known != shown_.end())) {
      faults_.push_back("Linked: " + name + (change.old_object ? " was never shown" : " was shown before"));
    } else if (change.old_object != nullptr && VersionOf(change.old_object) != known->second) {
      faults_.push_back("Linked: " + name + " old " + VersionOf(change.old_object) + ", shown " + known->second);
    }
    if (change.new_object == nullptr) {
      shown_.erase(name);
      return;
    }
    const std::string version = VersionOf(change.new_object);
    shown_[name] = version;
    if (change.source == ChangeSource::kResync) return;
    if (!states_.emplace(name + "@" + version, PhaseOf(change.new_object)).second) {
      faults_.push_back("Unique: " + name + " at " + version + " twice");
    }
    std::uint64_t& newest = newest_[name];
    if (std::stoull(version) <= newest) faults_.push_back("Ordered: " + name + " went back to " + version);
    newest = std::stoull(version);
  }

  void Judge(const std::vector<PodEvent>& history) {
    std::map<std::string, std::string> truth;
    for (const PodEvent& event : history) {
      if (event.type != "DELETED") truth[event.name + "@" + std::to_string(event.version)] = event.phase;
    }
    const MutexLock lock(mutex_);
    for (const auto& [state, phase] : states_) {
      const auto found = truth.find(state);
      if (found == truth.end() || found->second != phase) faults_.push_back("Honest: " + state + " " + phase);
    }
  }

  std::vector<std::string> faults() const {
    const MutexLock lock(mutex_);
    return faults_;
  }
  int changes() const {
    const MutexLock lock(mutex_);
    return changes_;
  }

 private:
  mutable Mutex mutex_;
  int changes_ = 0;
  std::map<std::string, std::string> shown_;  // newest version shown, of objects not shown as deleted
  std::map<std::string, std::string> states_;
  std::map<std::string, std::uint64_t> newest_;
  std::vector<std::string> faults_;
};

ReflectorOptions Hasty() {
  ReflectorOptions options;
  options.watch_timeout = seconds(1);
  options.short_watch = microseconds(100);
  options.rewatch_spread = milliseconds(1);
  options.page_limit = 7;
  options.backoff = {.initial = microseconds(200), .limit = milliseconds(3), .reset_after = milliseconds(20)};
  return options;
}

bool Waits(const std::function<bool()>& until) {
  const SteadyTime give_up = RealClock().SteadyNow() + kPatience;
  while (!until()) {
    if (RealClock().SteadyNow() > give_up) return false;
    RealClock().SleepFor(milliseconds(1));
  }
  return true;
}

bool Agree(const ObjectStore& store, const ObjectHistory& history) {
  const auto [live, version] = history.Snapshot();
  const std::vector<JsonPtr> objects = store.List();
  if (objects.size() != live.size()) return false;
  for (const JsonPtr& object : objects) {
    const auto found = live.find(object->at("metadata").at("name"));
    if (found == live.end() || VersionOf(object) != std::to_string(found->second.version)) return false;
  }
  return true;
}

// One history: a writer, a failing server and a reflector; then the judgement. Returns how often the server failed.
std::uint64_t RunHistory(std::uint64_t seed, const Faults& faults, const ReflectorOptions& options) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededRandom random(seed, {HashName("history"), 0});
  ObjectHistory history;
  for (int i = 0; i < kNames; ++i) history.Put("pod-" + std::to_string(random.NextBelow(kNames)), "first");
  FaultyApiServer server(history, faults, seed);
  Connection connection;
  connection.server = "http://api.test";
  ApiClient client(connection, server, RealClock());
  ObjectStore store;
  Witness witness;
  store.OnChange([&](const Change& change) { witness.See(change); });
  Reflector reflector(kPods, options, client, store, RealClock(),
                      std::make_unique<SeededRandom>(seed, StreamId{HashName("reflector"), 0}));
  reflector.Start();
  for (int i = 0; i < kWrites; ++i) {
    const std::string name = "pod-" + std::to_string(random.NextBelow(kNames));
    if (random.NextBelow(4) == 0) {
      history.Delete(name);
    } else {
      history.Put(name, "write-" + std::to_string(i));
    }
    if (random.NextBelow(3) == 0) RealClock().SleepFor(microseconds(random.NextBelow(1500)));
  }
  server.Heal();
  EXPECT_TRUE(Waits([&] { return reflector.synced() && Agree(store, history); }))
      << "Reliable: " << reflector.stats().last_error;
  reflector.Stop();
  witness.Judge(history.Everything());
  for (const std::string& fault : witness.faults()) ADD_FAILURE() << fault;
  EXPECT_GT(witness.changes(), 0);
  return server.faults_made();
}

std::vector<std::uint64_t> Seeds() {
  if (const char* one = std::getenv("EOA_HISTORY_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::uint64_t count = 8;
  if (const char* many = std::getenv("EOA_HISTORY_SEEDS")) count = std::strtoull(many, nullptr, 10);
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = 1; seed <= count; ++seed) seeds.push_back(seed);
  return seeds;
}

void RunHistories(const Faults& faults, const ReflectorOptions& options, bool server_is_well = false) {
  // Thousands of lines about faults of our own making help nobody.
  LogOptions quiet;
  quiet.minimum = LogLevel::kError;
  ConfigureLog(quiet);
  std::uint64_t faults_made = 0;
  for (const std::uint64_t seed : Seeds()) faults_made += RunHistory(seed, faults, options);
  ConfigureLog({});
  EXPECT_EQ(faults_made == 0, server_is_well);
}

TEST(ReflectorHistory, HoldsWithAServerThatIsWell) { RunHistories({}, Hasty(), true); }

TEST(ReflectorHistory, HoldsWhenEverythingFailsAtOnce) {
  const Faults faults{.refused = 0.1,
                      .too_many = 0.1,
                      .server_error = 0.1,
                      .torn = 0.05,
                      .reset = 0.05,
                      .error_event = 0.05,
                      .clean_end = 0.05,
                      .compact = 0.1,
                      .stale_list = 0.5};
  RunHistories(faults, Hasty());
}

TEST(ReflectorHistory, HoldsWhenVersionsExpireAllTheTime) {
  RunHistories({.compact = 0.6, .stale_list = 0.5}, Hasty());
}

TEST(ReflectorHistory, HoldsWhenLinesComeInPiecesAndBreak) {
  RunHistories({.torn = 0.2, .reset = 0.1, .slice = true}, Hasty());
}

TEST(ReflectorHistory, HoldsWhenConnectionsDieWithoutAWord) {
  ReflectorOptions options = Hasty();
  options.quiet_limit = milliseconds(30);
  RunHistories({.silent = 0.1}, options);
}

TEST(ReflectorHistory, EventsThatAreNeverToldAreMadeUpForByThePeriodicList) {
  ReflectorOptions options = Hasty();
  options.relist_period = milliseconds(50);
  RunHistories({.lost = 0.2}, options);
}

TEST(ReflectorHistory, ResyncsAreNoChanges) {
  ReflectorOptions options = Hasty();
  options.relist_period = milliseconds(20);
  options.resync = true;
  RunHistories({.refused = 0.1}, options);
}

// Stopped at any moment and started anew, as an operator is: nothing hangs, and no callback comes after Stop.
TEST(ReflectorHistory, ReflectorsMayBeStoppedAtAnyMoment) {
  LogOptions quiet;
  quiet.minimum = LogLevel::kError;
  ConfigureLog(quiet);
  const Faults faults{.refused = 0.2, .too_many = 0.1, .torn = 0.1, .silent = 0.1, .compact = 0.1, .slice = true};
  for (const std::uint64_t seed : Seeds()) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed, {HashName("stops"), 0});
    ObjectHistory history;
    FaultyApiServer server(history, faults, seed);
    Connection connection;
    connection.server = "http://api.test";
    ApiClient client(connection, server, RealClock());
    for (int life = 0; life < 30; ++life) {
      ObjectStore store({.index_label = "job"});
      std::atomic<bool> stopped = false;
      std::atomic<int> late = 0;
      store.OnChange([&](const Change& change) {
        if (stopped) ++late;
        store.Get(change.key);
      });
      Reflector reflector(kPods, Hasty(), client, store, RealClock(),
                          std::make_unique<SeededRandom>(seed, StreamId{HashName("reflector"), 0}));
      reflector.Start();
      std::thread waiter([&] { reflector.WaitForSync(kPatience); });
      for (int i = 0; i < 20; ++i) {
        history.Put("pod-" + std::to_string(random.NextBelow(kNames)), "life-" + std::to_string(life));
        if (random.NextBelow(4) == 0) RealClock().SleepFor(microseconds(random.NextBelow(300)));
      }
      store.List();
      reflector.stats();
      reflector.Stop();
      stopped = true;
      waiter.join();
      reflector.Stop();
      EXPECT_EQ(late, 0);
      EXPECT_FALSE(reflector.WaitForSync(Duration::zero())) << "a stopped reflector is not in sync any more";
    }
  }
  ConfigureLog({});
}

}  // namespace
}  // namespace eoa::kube
