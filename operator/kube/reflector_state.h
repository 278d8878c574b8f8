// ReflectorState: what a reflector asks the API server for next, and when; a value without I/O. Reflector carries it
// out.
//
// The contract is that of client-go's reflector (tools/cache/reflector.go) with two changes: the first list is the most
// recent state (no resourceVersion) and not a cache's, so that a restarted operator never goes back in time; and a full
// list is repeated every ten minutes, since a watch may lose events. In short:
//   - list, then watch from the list's version; the version advances with every event and bookmark;
//   - a watch that ends is taken up where it ended; refused, throttled, torn or very short ones after a back-off, and
//     none of them costs a list;
//   - a version that the server no longer has (410, as status or as event) costs a list:
//     one not older than that version first, which a server's cache can answer,
//     and if that fails the most recent state;
//   - lists come in pages; pages that expire before the last one is there are asked for anew, and bigger;
//   - a page that is too large to be taken is asked for anew, and smaller;
//   - a periodic list that fails is no reason to stop watching.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json_fwd.hpp>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "operator/kube/backoff.h"

namespace eoa::kube {

struct ReflectorOptions {
  std::string name_space{};      // empty: all
  std::string label_selector{};  // the server filters: what is not selected costs nothing here
  bool metadata_only = false;    // what is stored needs neither spec nor status
  Duration list_timeout = std::chrono::seconds(60);
  Duration watch_timeout = std::chrono::minutes(5);  // the server ends a watch after one to two of it, at random
  Duration short_watch = std::chrono::seconds(1);    // a watch that ends sooner, without an event, counts as failed
  // A watch that says nothing for so long may be a connection that died without a word, and is begun anew. Servers send
  // a bookmark about once a minute.
  Duration quiet_limit = std::chrono::seconds(150);
  Duration rewatch_spread = std::chrono::milliseconds(500);  // a watch that ended in order begins again within it
  Duration relist_period = std::chrono::minutes(10);         // give or take a tenth
  // Objects in one answer. An answer is held as text and as a tree, which is ten times its text; small ones keep the
  // peak of memory, and what it leaves scattered in the heap, small (tests/bench/kube).
  int page_limit = 50;
  bool resync = false;  // after each periodic list, show every object to the store's callbacks again
  BackoffOptions backoff{};
};

enum class ListReason { kFirst, kPeriodic, kExpired, kError };
inline constexpr std::size_t kListReasons = 4;
std::string_view ListReasonName(ListReason reason);  // "first", "periodic", "expired", "error"

enum class WatchEnd { kTimeout, kGone, kThrottled, kShort, kQuiet, kError };
inline constexpr std::size_t kWatchEnds = 6;
std::string_view WatchEndName(WatchEnd end);  // "timeout", "gone", "throttled", "short", "quiet", "error"

struct ListStep {
  ListReason reason = ListReason::kFirst;
  std::string resource_version{};  // empty: the most recent state; else one that is not older
  std::string continue_token{};    // empty: from the start; what was gathered before is void
  int limit = 0;                   // of the objects in one answer
};

struct WatchStep {
  std::string resource_version{};
  Duration timeout{};  // whole seconds, for the server to end it
};

struct ReflectorStep {
  Duration delay{};  // before the request
  std::variant<ListStep, WatchStep> request;
  bool list_is_whole = false;  // the store is to take what was gathered, before that
};

// Why a list or a watch failed, as far as the next step depends on it.
struct Failure {
  enum class Kind {
    kExpired,      // the server no longer has that version
    kThrottled,    // too many requests
    kQuiet,        // nothing was heard for quiet_limit
    kTooLarge,     // the answer does not fit: a smaller page may
    kRejected,     // the request itself is wrong, or the type is not there
    kUnavailable,  // all else: the same may work later
  };
  Kind kind = Kind::kUnavailable;
  Duration retry_after{};  // the server's wish
};

Failure FailureOf(const Error& error);

// Of the Status object in an ERROR event.
Failure FailureOfStatus(const nlohmann::json& status);

// What an event of a watch is for the store.
enum class EventEffect {
  kPut,     // the event's object is there
  kRemove,  // it is gone
  kNone,    // a bookmark, or of a type that is not known
  kEnd,     // the watch is over: an ERROR, or no event at all; OnWatchEnded must follow with `failure`
};

struct EventResult {
  EventEffect effect = EventEffect::kNone;
  Failure failure{};
};

// Counted since the start.
struct ReflectorCounts {
  std::array<std::uint64_t, kListReasons> lists{};  // begun
  std::uint64_t list_failures = 0;
  std::uint64_t watches = 0;  // begun
  std::array<std::uint64_t, kWatchEnds> watch_ends{};
  std::uint64_t events = 0;  // all but bookmarks and errors
  std::uint64_t bookmarks = 0;
};

// Thread-safety: none. `random` outlives it.
class ReflectorState {
 public:
  // A watch that failed so many times in a row is given up for a list.
  static constexpr int kWatchFailures = 10;
  static constexpr int kPageGrowth = 10;  // how much bigger pages are after they expired
  static constexpr Duration kLongestRetryAfter = std::chrono::minutes(2);

  ReflectorState(const ReflectorOptions& options, Random& random);

  // Each returns what to do next.
  ReflectorStep Begin();

  // A page of a list came, with the list's version.
  ReflectorStep OnPage(const std::string& resource_version, const std::string& continue_token, SteadyTime now);
  ReflectorStep OnListFailed(const Failure& failure, SteadyTime now);

  void OnWatchBegun(SteadyTime now);

  // Call after the store took the effect of the event before it.
  EventResult OnEvent(const nlohmann::json& event);

  // `failure` is empty when the server ended the watch in order.
  ReflectorStep OnWatchEnded(const std::optional<Failure>& failure, SteadyTime now);

  // True once a list is whole.
  bool synced() const { return synced_; }
  const std::string& resource_version() const { return resource_version_; }
  const ReflectorCounts& counts() const { return counts_; }

 private:
  ReflectorStep FullList(ListReason reason, Duration delay);
  ReflectorStep ListNotOlder(ListReason reason, Duration delay);
  ReflectorStep List(ListStep list, Duration delay);
  ReflectorStep Watch(Duration delay, SteadyTime now);
  Duration DelayAfter(const Failure& failure, SteadyTime now);
  void SetNextRelist(SteadyTime now);

  const ReflectorOptions options_;
  Random& random_;
  int page_limit_ = 0;  // of the next list; smaller after a page that did not fit
  Backoff backoff_;
  ListStep list_;                 // the one under way
  std::string resource_version_;  // of the last list or event
  bool synced_ = false;
  SteadyTime next_relist_;
  SteadyTime watch_began_;
  std::uint64_t watch_events_ = 0;  // of the watch under way, bookmarks too
  bool replay_ = false;             // the watch may begin with what is there already, whose versions are in no order
  int watch_failures_ = 0;          // in a row
  ReflectorCounts counts_;
};

}  // namespace eoa::kube
