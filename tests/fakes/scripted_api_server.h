// ScriptedApiServer: an API server on loopback whose faults are written down by the test. Plain HTTP/1.1 on its own
// sockets, so that it can do what a well-behaved server cannot be made to do: fall silent, cut an answer at any byte,
// reset. What it stores is ApiObjects. The real API server serves wherever it can be made to show the same
// (docs: tests/README.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "tests/fakes/api_objects.h"

namespace eoa {

// What happens to requests of which method and target (path and query) hold these texts.
struct ApiFault {
  enum class Kind {
    kAnswer,  // answered with `status`, `reason`, `retry_after`; not carried out
    kDelay,   // carried out after `delay`
    kSilent,  // no byte of an answer ever comes; of a watch, the header does
    kReset,   // carried out, then the connection is reset in place of an answer
    kTear,    // carried out; the connection ends after `bytes` of the answer's body
    kError,   // a watch: after `bytes` bytes of events or when it falls idle, an ERROR event of `status` ends it
  };
  Kind kind = Kind::kAnswer;
  std::string method{};  // empty: any
  std::string target{};  // part of it; "watch=true" for watches; empty: any
  int skip = 0;          // so many matching requests go well before
  int times = 1;         // then so many fail; -1: all
  int status = 500;
  std::string reason = "InternalError";
  int retry_after = -1;  // seconds; -1: no such header
  Duration delay{};
  std::size_t bytes = 0;
};

struct ApiRequest {
  std::string method;
  std::string target;
  std::string body;
  std::string authorization;
  SteadyTime at;
};

// Thread-safety: every method from any thread.
class ScriptedApiServer {
 public:
  // Listens on a free port of 127.0.0.1; ends the process when it cannot.
  ScriptedApiServer();
  ~ScriptedApiServer();
  ScriptedApiServer(const ScriptedApiServer&) = delete;
  ScriptedApiServer& operator=(const ScriptedApiServer&) = delete;

  std::string url() const;  // http://127.0.0.1:PORT
  ApiObjects& objects() { return objects_; }

  void Inject(const ApiFault& fault);
  void Heal();  // forgets all faults; what is silent stays so until its peer leaves

  // Only requests with this bearer token are let in; empty (the start): all.
  void RequireToken(const std::string& token);

  // What a POST of a TokenReview gets as its status; none: {"authenticated": false}.
  void OnTokenReview(std::function<nlohmann::json(const nlohmann::json& spec)> review);

  void ResetConnections();
  void EndWatches();     // in order, as at their timeout
  void SendBookmarks();  // in every watch that wants them

  std::vector<ApiRequest> requests() const;
  // `method` empty: any.
  std::size_t CountRequests(const std::string& method, const std::string& target) const;

 private:
  struct Peer;
  struct Parsed;

  void Accept();
  void Serve(Peer& peer);
  bool ServeOne(Peer& peer, const Parsed& request);
  ApiAnswer CarryOut(const Parsed& request);
  bool Watch(Peer& peer, const Parsed& request, const ApiFault* fault);
  bool Reply(Peer& peer, const ApiAnswer& answer, const ApiFault* fault);
  void BeSilent(Peer& peer);
  std::unique_ptr<ApiFault> NextFault(const std::string& method, const std::string& target);

  ApiObjects objects_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> watch_ends_{0};
  std::atomic<std::uint64_t> bookmarks_{0};
  mutable Mutex mutex_;
  std::vector<ApiFault> faults_ GUARDED_BY(mutex_);
  std::vector<ApiRequest> requests_ GUARDED_BY(mutex_);
  std::string token_ GUARDED_BY(mutex_);
  std::function<nlohmann::json(const nlohmann::json& spec)> review_ GUARDED_BY(mutex_);
  std::set<int> open_ GUARDED_BY(mutex_);
  std::list<std::thread> peers_;
  std::thread acceptor_;
};

}  // namespace eoa
