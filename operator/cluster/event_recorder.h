// EventRecorder: tells people what happened to an object (core/v1 Events, `kubectl describe`). It writes in the
// background; an event that cannot be written is dropped and counted, so that nobody waits. The rules are client-go's
// (tools/record): the same event again raises a count, and one object may not flood the list.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/recent_map.h"
#include "operator/kube/api_client.h"
#include "operator/kube/resource_type.h"
#include "operator/metrics/snapshots.h"

namespace eoa::cluster {

struct ObjectReference {
  kube::ObjectKey key;
  std::string uid;
  std::string resource_version;
};

struct EventText {
  std::string type = "Normal";  // Normal | Warning
  std::string reason;           // stable, one CamelCase word
  std::string message;
};

// Decides what an event becomes: written, counted up, or left out. Thread-safety: none.
class EventFilter {
 public:
  static constexpr std::size_t kRemembered = 4096;              // distinct events, the least recently seen goes first
  static constexpr int kBurst = 25;                             // events of one object at once,
  static constexpr Duration kRefill = std::chrono::minutes(5);  // and one more in each of these

  struct Decision {
    bool write = false;
    int count = 1;
    std::string name;  // of the Event object: the same for the same event
    WallTime first;
  };
  Decision Decide(const ObjectReference& object, const EventText& event, WallTime now);

 private:
  struct Seen {
    int count = 0;
    WallTime first;
  };
  struct Bucket {
    double tokens = kBurst;
    WallTime filled;
  };
  RecentMap<std::string, Seen> seen_{kRemembered};       // by the Event's name
  RecentMap<std::string, Bucket> buckets_{kRemembered};  // by the object's uid
};

// The Event object. `instance` names the program's process.
nlohmann::json MakeEvent(const ObjectReference& object, const EventText& event, const EventFilter::Decision& decision,
                         const std::string& instance, WallTime now);

// Thread-safety: every method from any thread. `client` and `clock` outlive it.
class EventRecorder {
 public:
  EventRecorder(kube::ApiClient& client, Clock& clock, std::string instance);

  // Writes what waits, for `kLastWords` at most.
  ~EventRecorder();

  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  // Returns at once. The object is an EOAJob.
  void Record(const ObjectReference& object, const EventText& event);

  metrics::EventCounts stats() const;

 private:
  static constexpr std::size_t kWaiting = 1000;
  static constexpr Duration kLastWords = std::chrono::seconds(2);

  struct Note {
    nlohmann::json object;
    int count = 1;
  };
  void Run();
  Status Write(const Note& note);

  kube::ApiClient& client_;
  Clock& clock_;
  const std::string instance_;
  mutable Mutex mutex_;
  CondVar changed_;
  EventFilter filter_ GUARDED_BY(mutex_);
  std::deque<Note> waiting_ GUARDED_BY(mutex_);
  metrics::EventCounts stats_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  SteadyTime give_up_ GUARDED_BY(mutex_){};
  std::thread thread_;
};

}  // namespace eoa::cluster
