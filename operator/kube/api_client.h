// ApiClient: requests to a Kubernetes API server, as JSON values, over HttpClient.
//
// Errors, by what the caller can do; the message is the API server's own:
//   NotFound, AlreadyExists
//   Aborted             409 Conflict: the object has changed; read it again
//   OutOfRange          410: a version or a page that the server no longer has; list again
//   InvalidArgument     400, 422: the object is refused
//   Unauthenticated, PermissionDenied   401, 403
//   ResourceExhausted   429 although it waited: back off
//   Unavailable         5xx, refused, reset: may pass. A write may have been carried out
//   DeadlineExceeded    likewise
//   Cancelled           by the Cancellation
//   FailedPrecondition  the answer is too large to be taken: ask for less. Other 4xx, too
//   DataLoss            the answer is not what the API promises
//
// Every request has a deadline, which includes waiting for the rate limiter and for what the server asks to be waited
// (429 and 5xx but 504, with Retry-After: nothing was carried out, so any request is repeated).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/histogram.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/http_client.h"
#include "operator/kube/connection.h"
#include "operator/kube/rate_limiter.h"
#include "operator/kube/resource_type.h"

namespace eoa::kube {

struct ApiClientOptions {
  double requests_per_second = 0;  // 0: no limit; the API server's own fairness does it
  int burst = 30;
  Duration timeout = std::chrono::seconds(10);       // of every request but lists and watches
  Duration list_timeout = std::chrono::seconds(60);  // of a page
};

struct ListOptions {
  std::string name_space{};  // empty: all
  std::string label_selector{};
  std::string field_selector{};
  int limit = 0;  // objects in one page; 0: all
  std::string continue_token{};
  std::string resource_version{};
  std::string resource_version_match{};  // Exact | NotOlderThan; only with a version
  Duration timeout{};                    // zero: list_timeout
  bool metadata_only = false;            // objects without spec and status
};

struct ObjectList {
  std::vector<nlohmann::json> items;
  std::string resource_version;
  std::string continue_token;  // empty: this was the last page
};

struct WatchOptions {
  std::string name_space{};
  std::string label_selector{};
  std::string field_selector{};
  std::string resource_version{};              // events after this one
  Duration timeout = std::chrono::minutes(5);  // the server ends the watch then; whole seconds
  Duration silence{};                          // longest time without a word of the server; zero: any
  bool bookmarks = true;
  bool metadata_only = false;  // as in ListOptions
};

// Takes one event: {"type": "ADDED", "object": {...}}; ERROR and BOOKMARK too. An error it returns ends the watch.
using EventSink = std::function<Status(nlohmann::json event)>;

struct DeleteOptions {
  std::string uid{};               // the object must have it; empty: any
  std::string resource_version{};  // likewise
  std::string propagation{};       // Foreground | Background | Orphan; empty: the type's own
  int grace_seconds = -1;          // -1: the object's own
};

struct CallOptions {
  Duration timeout{};  // zero: the client's
};

struct CreateOptions {
  Duration timeout{};           // zero: the client's
  std::string field_manager{};  // empty: the program's name
  bool metadata_only = false;   // answer with metadata alone: it costs server and client less
};

struct PatchOptions {
  std::string subresource{};    // "status"
  std::string field_manager{};  // as in CreateOptions
  bool metadata_only = false;   // likewise
};

// Answers by code, method and host, and how long they took by verb: counted since the start, for metrics.
struct ApiClientStats {
  static constexpr std::array<double, 12> kSecondsBounds = {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 5, 10};
  std::map<std::pair<std::string, std::string>, std::uint64_t> requests;  // by (code or "<error>", method)
  std::map<std::string, Histogram> seconds;                               // by method; watches are not in it
  std::uint64_t retries = 0;                                              // of what the server asked to be repeated
  double limiter_seconds = 0;                                             // waited for the rate limiter
  std::string host;
};

// Thread-safety: every method from any thread; calls block. `http`, `clock` outlive it.
class ApiClient {
 public:
  ApiClient(Connection connection, net::HttpClient& http, Clock& clock, ApiClientOptions options = {});

  Result<nlohmann::json> Get(const ResourceType& type, const ObjectKey& key, const CallOptions& options = {});

  Result<ObjectList> List(const ResourceType& type, const ListOptions& options,
                          net::Cancellation* cancellation = nullptr);

  // Returns when the server ends the watch (ok), it breaks, or `sink` refuses an event. Unavailable when the server has
  // sent nothing for `options.silence`.
  Status Watch(const ResourceType& type, const WatchOptions& options, const EventSink& sink,
               net::Cancellation* cancellation = nullptr);

  // Namespace (and name, but for Create of a TokenReview) are taken from the object's metadata.
  Result<nlohmann::json> Create(const ResourceType& type, const nlohmann::json& object,
                                const CreateOptions& options = {});
  Result<nlohmann::json> Update(const ResourceType& type, const nlohmann::json& object,
                                const std::string& subresource = "", const CallOptions& options = {});

  // Server-side apply: `object` is all that `field_manager` wants; what it wanted before and is missing now is removed.
  // Fields of other managers are taken over.
  Result<nlohmann::json> Apply(const ResourceType& type, const nlohmann::json& object, const std::string& field_manager,
                               const std::string& subresource = "");

  // A JSON merge patch (RFC 7396). With metadata.resourceVersion in it, only that version is changed.
  Result<nlohmann::json> MergePatch(const ResourceType& type, const ObjectKey& key, const nlohmann::json& patch,
                                    const PatchOptions& options = {});

  // Ok also when it is not there.
  Status Delete(const ResourceType& type, const ObjectKey& key, const DeleteOptions& options = {});

  // GET of any path: "/version", "/readyz".
  Result<std::string> GetRaw(const std::string& path);

  const Connection& connection() const { return connection_; }
  Clock& clock() const { return clock_; }  // that deadlines are measured with
  ApiClientStats stats() const;

 private:
  struct Call {
    std::string method = "GET";
    std::string path;  // with query
    std::string body{};
    std::string content_type = "application/json";
    std::string accept = "application/json";
    Duration timeout{};
    Duration silence{};  // of a watch
    net::Cancellation* cancellation = nullptr;
  };
  Result<net::Response> Perform(const Call& call, const net::BodySink* sink = nullptr);
  Result<net::Response> Once(const Call& call, Duration timeout, const net::BodySink* sink);
  Result<nlohmann::json> PerformJson(Call call);
  void Wait(Duration delay, const net::Cancellation* cancellation);
  void Count(const Call& call, const Result<net::Response>& answer, Duration took, bool watch);

  const Connection connection_;
  net::HttpClient& http_;
  Clock& clock_;
  const ApiClientOptions options_;
  RateLimiter limiter_;
  mutable Mutex mutex_;
  ApiClientStats stats_ GUARDED_BY(mutex_);
};

// The path of a type's collection or of one object. Pure.
std::string ResourcePath(const ResourceType& type, const std::string& name_space, const std::string& name = "",
                         const std::string& subresource = "");

// The Error that an answer other than 2xx stands for. Pure.
Error ErrorOfApiAnswer(const net::Response& answer);

}  // namespace eoa::kube
