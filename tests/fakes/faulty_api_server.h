// FaultyApiServer: pods of an API server behind the HttpClient seam, with the semantics that a reflector lives by
// (lists in pages of one version, watches from a version, bookmarks, compaction) and with faults by chance. It
// remembers every version of every object, so that a test can judge what a client saw. The server's own opinion of what
// happened is ObjectHistory; what the client is told of it may be late, cut, refused or repeated, but never invented.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/net/http_client.h"

namespace eoa {

struct PodEvent {
  std::string type;  // ADDED, MODIFIED, DELETED
  std::string name;
  std::uint64_t version = 0;
  std::string phase;  // what changes from version to version
};

// Thread-safety: every method from any thread.
class ObjectHistory {
 public:
  void Put(const std::string& name, const std::string& phase);
  void Delete(const std::string& name);

  // Forgets how the present came to be: watches from before it are told 410.
  void Compact();

  // Live objects by name, and the version of that state.
  std::pair<std::map<std::string, PodEvent>, std::uint64_t> Snapshot() const;

  // Everything that ever happened, oldest first.
  std::vector<PodEvent> Everything() const;

  // What happened after `version`, waiting at most `patience` for something; nothing at all: 410.
  std::optional<std::vector<PodEvent>> After(std::uint64_t version, Duration patience);

 private:
  void Append(PodEvent event) REQUIRES(mutex_);

  mutable Mutex mutex_;
  CondVar grown_;
  std::vector<PodEvent> events_ GUARDED_BY(mutex_);
  std::map<std::string, PodEvent> live_ GUARDED_BY(mutex_);
  std::uint64_t version_ GUARDED_BY(mutex_) = 1000;
  std::uint64_t horizon_ GUARDED_BY(mutex_) = 0;  // versions before it are compacted
};

// How often, in [0, 1] for each request (or each event, for those that say so).
struct Faults {
  double refused = 0;       // no answer at all
  double too_many = 0;      // 429
  double server_error = 0;  // 500
  double torn = 0;          // each event: the stream ends in the middle of its line
  double reset = 0;         // each event: the stream fails after it
  double error_event = 0;   // each event: an ERROR event of 500 or 410 follows
  double clean_end = 0;     // each event: the stream ends in order after it
  double lost = 0;          // each event: it is never told
  double silent = 0;        // each event: neither it nor anything after it is told, and the stream stays open
  double compact = 0;       // each request, before it
  double stale_list = 0;    // each list that asks for "not older than": the oldest state that qualifies is given
  bool slice = false;       // bytes come one to seven at a time
  Duration longest_watch = std::chrono::milliseconds(20);
};

// Thread-safety: every method from any thread.
class FaultyApiServer final : public net::HttpClient {
 public:
  FaultyApiServer(ObjectHistory& history, const Faults& faults, std::uint64_t seed);

  // From now on everything works.
  void Heal();

  Result<net::Response> Send(const net::Request& request, net::Cancellation* cancellation) override;
  Result<net::Response> Stream(const net::Request& request, const net::BodySink& sink,
                               net::Cancellation* cancellation) override;

  std::uint64_t faults_made() const;
  std::uint64_t requests() const;

 private:
  struct Pages {
    std::vector<PodEvent> objects;
    std::uint64_t version = 0;
  };

  bool Happens(double chance) REQUIRES(mutex_);
  std::uint64_t Below(std::uint64_t bound);
  std::optional<Result<net::Response>> Refuse();
  net::Response List(const std::map<std::string, std::string>& query) REQUIRES(mutex_);
  Status Emit(const std::string& text, const net::BodySink& sink);
  Result<net::Response> Watch(const net::Request& request, const net::BodySink& sink,
                              const net::Cancellation* cancellation);

  ObjectHistory& history_;
  mutable Mutex mutex_;
  Faults faults_ GUARDED_BY(mutex_);
  SeededRandom random_ GUARDED_BY(mutex_);
  std::map<std::string, Pages> pages_ GUARDED_BY(mutex_);  // by continue token
  Pages older_ GUARDED_BY(mutex_);                         // what a stale cache would still answer
  std::uint64_t tokens_ GUARDED_BY(mutex_) = 0;
  std::uint64_t faults_made_ GUARDED_BY(mutex_) = 0;
  std::uint64_t requests_ GUARDED_BY(mutex_) = 0;
};

}  // namespace eoa
