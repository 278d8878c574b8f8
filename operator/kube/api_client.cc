#include "operator/kube/api_client.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "common/base/json_access.h"
#include "common/base/json_guard.h"
#include "operator/kube/watch_lines.h"

namespace eoa::kube {
namespace {

constexpr char kMetadataOnlyList[] =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
constexpr char kMetadataOnly[] = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

using net::PercentEncode;
using nlohmann::json;

constexpr int kMaxRepeats = 10;
constexpr Duration kLongestWait = std::chrono::seconds(30);    // that a server may ask for
constexpr Duration kWaitStep = std::chrono::milliseconds(50);  // until a cancellation is noticed
constexpr Duration kWatchMargin = std::chrono::seconds(30);    // after which a watch that does not end is ended by us
constexpr std::size_t kMaxAnswerBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxWatchBytes = std::size_t{1} << 40;
constexpr JsonLimits kLimits{
    .max_bytes = kMaxAnswerBytes, .max_depth = kMaxObjectDepth, .max_values = 5'000'000, .cut_deeper = true};

void AddQuery(std::string& path, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  path += path.find('?') == std::string::npos ? '?' : '&';
  path.append(name).append("=").append(PercentEncode(value));
}

void AddQuery(std::string& path, std::string_view name, int value) {
  if (value > 0) AddQuery(path, name, std::to_string(value));
}

ObjectKey KeyIn(const json& object) {
  const json& metadata = At(object, "metadata");
  return {TextAt(metadata, "namespace"), TextAt(metadata, "name")};
}

// What the server asks to be waited before the same request; nothing when it asks for nothing.
std::optional<Duration> RetryAfter(const net::Response& answer) {
  // 504: the server has waited itself, for a version that it does not have yet.
  if ((answer.status != 429 && answer.status < 500) || answer.status == 504) return std::nullopt;
  const std::string_view text = answer.headers.Get("Retry-After");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::min<Duration>(std::chrono::seconds(seconds), kLongestWait);
}

// Told apart from a server that is asked too often: only a smaller page helps.
Error TooLarge(const Error& error) { return FailedPreconditionError(error.message()); }

Result<json> ParseAnswer(const net::Response& answer) {
  Result<json> document = ParseJson(answer.body, kLimits);
  if (!document.ok() && document.error().code() == ErrorCode::kResourceExhausted) return TooLarge(document.error());
  if (!document.ok()) return DataLossError("the API server's answer is not JSON: " + document.error().message());
  if (!document->is_object()) return DataLossError("the API server's answer is not an object");
  return document;
}

}  // namespace

std::string ResourcePath(const ResourceType& type, const std::string& name_space, const std::string& name,
                         const std::string& subresource) {
  std::string path = type.group.empty() ? "/api/" : "/apis/" + std::string(type.group) + "/";
  path += type.version;
  if (type.namespaced && !name_space.empty()) path += "/namespaces/" + PercentEncode(name_space);
  path.append("/").append(type.plural);
  if (!name.empty()) path += "/" + PercentEncode(name);
  if (!subresource.empty()) path += "/" + PercentEncode(subresource);
  return path;
}

Error ErrorOfApiAnswer(const net::Response& answer) {
  std::string message;
  std::string reason;
  if (const Result<json> status = ParseJson(answer.body, kLimits); status.ok() && status->is_object()) {
    message = TextAt(*status, "message");
    reason = TextAt(*status, "reason");
  }
  if (message.empty()) message = answer.body.substr(0, 200);
  if (message.empty()) message = "status " + std::to_string(answer.status);
  switch (answer.status) {
    case 400:
    case 422:
      return InvalidArgumentError(message);
    case 401:
      return UnauthenticatedError(message);
    case 403:
      return {ErrorCode::kPermissionDenied, message};
    case 404:
      return NotFoundError(message);
    case 409:
      return reason == "AlreadyExists" ? AlreadyExistsError(message) : AbortedError(message);
    case 410:
      return {ErrorCode::kOutOfRange, message};
    case 429:
      return ResourceExhaustedError(message);
    case 504:
      return DeadlineExceededError(message);
    default:
      break;
  }
  const std::string text = "the API server answered " + std::to_string(answer.status) + ": " + message;
  return answer.status >= 500 ? UnavailableError(text) : FailedPreconditionError(text);
}

ApiClient::ApiClient(Connection connection, net::HttpClient& http, Clock& clock, ApiClientOptions options)
    : connection_(std::move(connection)),
      http_(http),
      clock_(clock),
      options_(options),
      limiter_(options.requests_per_second, options.burst) {
  stats_.host = connection_.server.substr(connection_.server.find("://") + 3);
}

Result<net::Response> ApiClient::Once(const Call& call, Duration timeout, const net::BodySink* sink) {
  net::Request request;
  request.method = call.method;
  request.url = connection_.server + call.path;
  request.headers.Add("Accept", call.accept);
  request.body = call.body;
  if (!call.body.empty()) request.headers.Add("Content-Type", call.content_type);
  request.timeout = timeout;
  request.silence = call.silence;
  request.max_response_bytes = sink != nullptr ? kMaxWatchBytes : kMaxAnswerBytes;
  if (connection_.credentials) {
    EOA_ASSIGN_OR_RETURN(const std::string token, connection_.credentials->Token());
    if (!token.empty()) request.headers.Add("Authorization", "Bearer " + token);
  }
  const SteadyTime begin = clock_.SteadyNow();
  Result<net::Response> answer =
      sink != nullptr ? http_.Stream(request, *sink, call.cancellation) : http_.Send(request, call.cancellation);
  Count(call, answer, clock_.SteadyNow() - begin, sink != nullptr);
  if (!answer.ok() && answer.error().code() == ErrorCode::kResourceExhausted) return TooLarge(answer.error());
  return answer;
}

void ApiClient::Wait(Duration delay, const net::Cancellation* cancellation) {
  for (const SteadyTime end = clock_.SteadyNow() + delay; clock_.SteadyNow() < end;) {
    if (cancellation != nullptr && cancellation->cancelled()) return;
    clock_.SleepFor(std::min(kWaitStep, end - clock_.SteadyNow()));
  }
}

Result<net::Response> ApiClient::Perform(const Call& call, const net::BodySink* sink) {
  const SteadyTime deadline = clock_.SteadyNow() + call.timeout;
  bool rejected = false;
  for (int repeats = 0;; ++repeats) {
    if (call.cancellation != nullptr && call.cancellation->cancelled())
      return CancelledError("the request was cancelled");
    const Duration turn = limiter_.Take(clock_.SteadyNow());
    if (turn > Duration::zero()) {
      if (clock_.SteadyNow() + turn >= deadline) {
        return ResourceExhaustedError("the operator's own limit of requests leaves no time for this one");
      }
      Wait(turn, call.cancellation);
      const MutexLock lock(mutex_);
      stats_.limiter_seconds += ToSeconds(turn);
    }
    Result<net::Response> answer = Once(call, deadline - clock_.SteadyNow(), sink);
    if (!answer.ok()) return answer;
    if (answer->status >= 200 && answer->status < 300) return answer;
    if (answer->status == 401 && connection_.credentials && !std::exchange(rejected, true)) {
      connection_.credentials->Rejected();
      continue;
    }
    const std::optional<Duration> wait = RetryAfter(*answer);
    // A reflector backs off by itself: it must not be held here.
    if (!wait || sink != nullptr || repeats >= kMaxRepeats || clock_.SteadyNow() + *wait >= deadline) {
      return ErrorOfApiAnswer(*answer);
    }
    Wait(*wait, call.cancellation);
    const MutexLock lock(mutex_);
    ++stats_.retries;
  }
}

Result<json> ApiClient::PerformJson(Call call) {
  if (call.timeout == Duration::zero()) call.timeout = options_.timeout;
  EOA_ASSIGN_OR_RETURN(const net::Response answer, Perform(call));
  return ParseAnswer(answer);
}

void ApiClient::Count(const Call& call, const Result<net::Response>& answer, Duration took, bool watch) {
  const std::string code = answer.ok() ? std::to_string(answer->status) : "<error>";
  const MutexLock lock(mutex_);
  ++stats_.requests[{code, call.method}];
  if (watch) return;
  stats_.seconds.try_emplace(call.method, ApiClientStats::kSecondsBounds).first->second.Observe(ToSeconds(took));
}

ApiClientStats ApiClient::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

Result<json> ApiClient::Get(const ResourceType& type, const ObjectKey& key, const CallOptions& options) {
  return PerformJson({.path = ResourcePath(type, key.name_space, key.name), .timeout = options.timeout});
}

Result<ObjectList> ApiClient::List(const ResourceType& type, const ListOptions& options,
                                   net::Cancellation* cancellation) {
  Call call{.path = ResourcePath(type, options.name_space),
            .timeout = options.timeout > Duration::zero() ? options.timeout : options_.list_timeout,
            .cancellation = cancellation};
  AddQuery(call.path, "labelSelector", options.label_selector);
  AddQuery(call.path, "fieldSelector", options.field_selector);
  AddQuery(call.path, "limit", options.limit);
  AddQuery(call.path, "continue", options.continue_token);
  AddQuery(call.path, "resourceVersion", options.resource_version);
  AddQuery(call.path, "resourceVersionMatch", options.resource_version_match);
  if (options.metadata_only) call.accept = kMetadataOnlyList;
  EOA_ASSIGN_OR_RETURN(json document, PerformJson(std::move(call)));
  ObjectList list;
  if (const auto metadata = document.find("metadata"); metadata != document.end() && metadata->is_object()) {
    list.resource_version = TextAt(*metadata, "resourceVersion");
    list.continue_token = TextAt(*metadata, "continue");
  }
  const auto items = document.find("items");
  if (items == document.end() || !(items->is_array() || items->is_null())) {
    return DataLossError("the API server's list has no items");
  }
  list.items.reserve(items->size());
  for (json& item : *items) {
    // A list leaves out what is the same for all.
    if (item.is_object()) {
      item["apiVersion"] = ApiVersionOf(type);
      item["kind"] = type.kind;
    }
    list.items.push_back(std::move(item));
  }
  return list;
}

Status ApiClient::Watch(const ResourceType& type, const WatchOptions& options, const EventSink& sink,
                        net::Cancellation* cancellation) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.timeout).count();
  Call call{.path = ResourcePath(type, options.name_space),
            .timeout = options.timeout + kWatchMargin,
            .silence = options.silence,
            .cancellation = cancellation};
  AddQuery(call.path, "watch", std::string("true"));
  AddQuery(call.path, "labelSelector", options.label_selector);
  AddQuery(call.path, "fieldSelector", options.field_selector);
  AddQuery(call.path, "resourceVersion", options.resource_version);
  AddQuery(call.path, "timeoutSeconds", static_cast<int>(std::max<std::int64_t>(seconds, 1)));
  if (options.bookmarks) AddQuery(call.path, "allowWatchBookmarks", std::string("true"));
  if (options.metadata_only) call.accept = kMetadataOnly;
  WatchLines lines(sink);
  const net::BodySink take = [&lines](std::string_view piece) { return lines.Take(piece); };
  const Result<net::Response> answer = Perform(call, &take);
  return answer.ok() ? lines.Finish() : Status(answer.error());
}

Result<json> ApiClient::Create(const ResourceType& type, const json& object, const CreateOptions& options) {
  Call call{.method = "POST",
            .path = ResourcePath(type, KeyIn(object).name_space),
            .body = DumpJson(object),
            .timeout = options.timeout};
  AddQuery(call.path, "fieldManager", options.field_manager);
  if (options.metadata_only) call.accept = kMetadataOnly;
  return PerformJson(std::move(call));
}

Result<json> ApiClient::Update(const ResourceType& type, const json& object, const std::string& subresource,
                               const CallOptions& options) {
  const ObjectKey key = KeyIn(object);
  return PerformJson({.method = "PUT",
                      .path = ResourcePath(type, key.name_space, key.name, subresource),
                      .body = DumpJson(object),
                      .timeout = options.timeout});
}

Result<json> ApiClient::Apply(const ResourceType& type, const json& object, const std::string& field_manager,
                              const std::string& subresource) {
  const ObjectKey key = KeyIn(object);
  std::string path = ResourcePath(type, key.name_space, key.name, subresource);
  AddQuery(path, "fieldManager", field_manager);
  AddQuery(path, "force", std::string("true"));
  // JSON is YAML.
  return PerformJson({.method = "PATCH",
                      .path = std::move(path),
                      .body = DumpJson(object),
                      .content_type = "application/apply-patch+yaml"});
}

Result<json> ApiClient::MergePatch(const ResourceType& type, const ObjectKey& key, const json& patch,
                                   const PatchOptions& options) {
  Call call{.method = "PATCH",
            .path = ResourcePath(type, key.name_space, key.name, options.subresource),
            .body = DumpJson(patch),
            .content_type = "application/merge-patch+json"};
  AddQuery(call.path, "fieldManager", options.field_manager);
  if (options.metadata_only) call.accept = kMetadataOnly;
  return PerformJson(std::move(call));
}

Status ApiClient::Delete(const ResourceType& type, const ObjectKey& key, const DeleteOptions& options) {
  json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
  if (!options.resource_version.empty()) body["preconditions"]["resourceVersion"] = options.resource_version;
  if (!options.propagation.empty()) body["propagationPolicy"] = options.propagation;
  if (options.grace_seconds >= 0) body["gracePeriodSeconds"] = options.grace_seconds;
  const Result<json> answer =
      PerformJson({.method = "DELETE", .path = ResourcePath(type, key.name_space, key.name), .body = DumpJson(body)});
  if (!answer.ok() && answer.error().code() != ErrorCode::kNotFound) return answer.error();
  return OkStatus();
}

Result<std::string> ApiClient::GetRaw(const std::string& path) {
  EOA_ASSIGN_OR_RETURN(net::Response answer, Perform({.path = path, .timeout = options_.timeout}));
  return std::move(answer.body);
}

}  // namespace eoa::kube
