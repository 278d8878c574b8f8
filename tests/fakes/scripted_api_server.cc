#include "tests/fakes/scripted_api_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "common/base/check.h"
#include "common/base/json_guard.h"
#include "common/net/http_message.h"

namespace eoa {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxHeadBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxBodyBytes = std::size_t{16} << 20;
constexpr int kPollMilliseconds = 20;
constexpr JsonLimits kLimits{.max_bytes = kMaxBodyBytes, .max_values = 1'000'000};

std::string Chunk(const std::string& text) {
  std::array<char, 24> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
  return size.data() + text + "\r\n";
}

std::string Line(const std::string& type, const json& object) {
  return DumpJson(json{{"type", type}, {"object", object}}) + "\n";
}

std::string_view ReasonPhrase(int status) { return status < 300 ? "OK" : "Refused"; }

}  // namespace

struct ScriptedApiServer::Parsed {
  std::string method;
  std::string target;
  std::vector<std::string> segments;
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // lower case
  std::string body;

  std::string Query(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? "" : found->second;
  }
  ApiQuery Selection() const {
    const std::string limit = Query("limit");
    return {.label_selector = Query("labelSelector"),
            .field_selector = Query("fieldSelector"),
            .continue_token = Query("continue"),
            .resource_version = Query("resourceVersion"),
            .limit = limit.empty() ? 0 : std::stoul(limit)};
  }
};

// One connection, owned by its thread.
struct ScriptedApiServer::Peer {
  int socket;
  const std::atomic<bool>& stopping;
  std::string ahead{};
  std::size_t allowed = SIZE_MAX;  // bytes of body that still go out

  // False: the peer is gone, or the server stops.
  bool ReadMore() {
    while (!stopping) {
      pollfd entry{socket, POLLIN, 0};
      if (::poll(&entry, 1, kPollMilliseconds) == 0) continue;
      std::array<char, 16384> piece;
      const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
      if (got <= 0) return false;
      ahead.append(piece.data(), static_cast<std::size_t>(got));
      return true;
    }
    return false;
  }

  bool gone() const {
    char next = 0;
    const ssize_t got = ::recv(socket, &next, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
  }

  bool Send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Body text in chunks; false when the script (or the peer) ends it.
  bool SendChunk(const std::string& text) {
    const std::size_t size = std::min(allowed, text.size());
    allowed -= size;
    if (size > 0 && !Send(Chunk(text.substr(0, size)))) return false;
    return size == text.size();
  }

  void Reset() const {
    const linger now{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  std::optional<Parsed> Read() {
    std::size_t end = 0;
    while ((end = ahead.find("\r\n\r\n")) == std::string::npos) {
      if (ahead.size() > kMaxHeadBytes || !ReadMore()) return std::nullopt;
    }
    Parsed request;
    const std::string head = ahead.substr(0, end);
    ahead.erase(0, end + 4);
    const std::size_t space = head.find(' ');
    request.method = head.substr(0, space);
    request.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
    for (std::size_t begin = head.find("\r\n"); begin != std::string::npos; begin = head.find("\r\n", begin + 2)) {
      const std::string line = head.substr(begin + 2, head.find("\r\n", begin + 2) - begin - 2);
      const std::size_t colon = line.find(':');
      if (colon == std::string::npos) continue;
      std::string name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      request.headers[name] = line.substr(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
    }
    const std::size_t length =
        request.headers.contains("content-length") ? std::stoul(request.headers["content-length"]) : 0;
    if (length > kMaxBodyBytes) return std::nullopt;
    while (ahead.size() < length) {
      if (!ReadMore()) return std::nullopt;
    }
    request.body = ahead.substr(0, length);
    ahead.erase(0, length);
    Split(request);
    return request;
  }

  static void Split(Parsed& request) {
    std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
    while (!path.empty()) {
      path.remove_prefix(1);
      std::string segment;
      net::PercentDecode(path.substr(0, path.find('/')), segment);
      if (!segment.empty()) request.segments.push_back(std::move(segment));
      path.remove_prefix(std::min(path.find('/'), path.size()));
    }
    const std::size_t mark = request.target.find('?');
    if (mark == std::string::npos) return;
    std::string_view rest = std::string_view(request.target).substr(mark + 1);
    while (!rest.empty()) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      const std::size_t equals = std::min(pair.find('='), pair.size() - 1);
      std::string value;
      net::PercentDecode(pair.substr(equals + 1), value);
      request.query[std::string(pair.substr(0, equals))] = value;
    }
  }
};

ScriptedApiServer::ScriptedApiServer() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EOA_CHECK(::bind(listener_, generic, size) == 0 && ::listen(listener_, 128) == 0, "cannot listen");
  EOA_CHECK(::getsockname(listener_, generic, &size) == 0, "cannot listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedApiServer::~ScriptedApiServer() {
  stopping_ = true;
  acceptor_.join();
  ::close(listener_);
  for (std::thread& peer : peers_) peer.join();
}

std::string ScriptedApiServer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void ScriptedApiServer::Accept() {
  while (!stopping_) {
    pollfd entry{listener_, POLLIN, 0};
    if (::poll(&entry, 1, kPollMilliseconds) <= 0) continue;
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const MutexLock lock(mutex_);
    open_.insert(socket);
    peers_.emplace_back([this, socket] {
      Peer peer{socket, stopping_};
      Serve(peer);
      const MutexLock inner(mutex_);
      open_.erase(socket);
      ::close(socket);
    });
  }
}

void ScriptedApiServer::Serve(Peer& peer) {
  for (;;) {
    const std::optional<Parsed> request = peer.Read();
    if (!request || !ServeOne(peer, *request)) return;
  }
}

bool ScriptedApiServer::ServeOne(Peer& peer, const Parsed& request) {
  const auto header = [&](const char* name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
  };
  bool let_in = true;
  {
    const MutexLock lock(mutex_);
    requests_.push_back(
        {request.method, request.target, request.body, header("authorization"), RealClock().SteadyNow()});
    let_in = token_.empty() || header("authorization") == "Bearer " + token_;
  }
  if (!let_in) return Reply(peer, ApiProblem(401, "Unauthorized", "Unauthorized"), nullptr);
  const bool watch = request.method == "GET" && request.Query("watch") == "true";
  const std::unique_ptr<ApiFault> fault = NextFault(request.method, request.target);
  using Kind = ApiFault::Kind;
  if (fault && fault->kind == Kind::kAnswer) {
    return Reply(peer, ApiProblem(fault->status, fault->reason, fault->reason + " as scripted"), fault.get());
  }
  if (fault && fault->kind == Kind::kDelay) RealClock().SleepFor(fault->delay);
  if (fault && fault->kind == Kind::kTear) peer.allowed = fault->bytes;
  if (watch) return Watch(peer, request, fault.get());
  if (fault && fault->kind == Kind::kSilent) {
    BeSilent(peer);
    return false;
  }
  const ApiAnswer answer = CarryOut(request);
  if (fault && fault->kind == Kind::kReset) {
    peer.Reset();
    return false;
  }
  return Reply(peer, answer, fault.get());
}

void ScriptedApiServer::BeSilent(Peer& peer) {
  while (!stopping_ && !peer.gone()) RealClock().SleepFor(std::chrono::milliseconds(kPollMilliseconds));
}

bool ScriptedApiServer::Reply(Peer& peer, const ApiAnswer& answer, const ApiFault* fault) {
  const std::string body = DumpJson(answer.body);
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(ReasonPhrase(answer.status)) +
                     "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  if (fault != nullptr && fault->kind == ApiFault::Kind::kAnswer && fault->retry_after >= 0) {
    head += "Retry-After: " + std::to_string(fault->retry_after) + "\r\n";
  }
  const std::string_view sent = std::string_view(body).substr(0, peer.allowed);
  return peer.Send(head + "\r\n") && peer.Send(sent) && sent.size() == body.size();
}

ApiAnswer ScriptedApiServer::CarryOut(const Parsed& request) {
  if (request.segments == std::vector<std::string>{"version"}) return {200, {{"gitVersion", "v0.0.0-scripted"}}};
  const std::optional<ApiPath> path = ParseApiPath(request.segments);
  if (!path) return ApiProblem(404, "NotFound", "the server could not find the requested resource");
  json body;
  if (!request.body.empty()) {
    Result<json> parsed = ParseJson(request.body, kLimits);
    if (!parsed.ok()) return ApiProblem(400, "BadRequest", parsed.error().message());
    body = *std::move(parsed);
  }
  if (request.method == "GET")
    return path->name.empty() ? objects_.List(*path, request.Selection()) : objects_.Get(*path);
  if (request.method == "POST" && path->plural == "tokenreviews") {
    const MutexLock lock(mutex_);
    body["status"] = review_ ? review_(body["spec"]) : json{{"authenticated", false}};
    return {201, body};
  }
  if (request.method == "POST") return objects_.Create(*path, std::move(body));
  if (request.method == "PUT") return objects_.Replace(*path, std::move(body));
  if (request.method == "DELETE") return objects_.Delete(*path, body);
  const auto type = request.headers.find("content-type");
  if (request.method == "PATCH" && type != request.headers.end()) {
    if (type->second == "application/apply-patch+yaml")
      return objects_.Apply(*path, body, request.Query("fieldManager"));
    if (type->second == "application/merge-patch+json") return objects_.MergePatch(*path, body);
  }
  return ApiProblem(415, "UnsupportedMediaType", "the request cannot be carried out");
}

bool ScriptedApiServer::Watch(Peer& peer, const Parsed& request, const ApiFault* fault) {
  const std::optional<ApiPath> path = ParseApiPath(request.segments);
  if (!path) return Reply(peer, ApiProblem(404, "NotFound", "no such resource"), nullptr);
  const ApiQuery query = request.Selection();
  const std::uint64_t ends = watch_ends_;
  std::uint64_t bookmarks = bookmarks_;
  std::uint64_t version = 0;
  std::vector<ApiEvent> events;
  if (query.resource_version.empty() || query.resource_version == "0") {
    const ApiAnswer list = objects_.List(*path, {query.label_selector, query.field_selector, {}, {}, 0});
    version = std::stoull(list.body["metadata"]["resourceVersion"].get<std::string>());
    for (const json& object : list.body["items"]) events.push_back({version, "ADDED", object});
  } else {
    version = std::stoull(query.resource_version);
    if (!objects_.After(*path, query, version, {})) {
      return Reply(peer, ApiProblem(410, "Expired", "too old resource version"), nullptr);
    }
  }
  if (!peer.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"))
    return false;
  using Kind = ApiFault::Kind;
  if (fault != nullptr && fault->kind == Kind::kSilent) {
    BeSilent(peer);
    return false;
  }
  const bool to_fail = fault != nullptr && fault->kind == Kind::kError;
  const std::string seconds = request.Query("timeoutSeconds");
  const SteadyTime end = RealClock().SteadyNow() + std::chrono::seconds(seconds.empty() ? 300 : std::stol(seconds));
  const auto bookmark = [&] {
    if (request.Query("allowWatchBookmarks") != "true") return true;
    return peer.SendChunk(Line(
        "BOOKMARK", {{"apiVersion", path->api_version}, {"metadata", {{"resourceVersion", std::to_string(version)}}}}));
  };
  std::size_t told = 0;
  while (!stopping_ && !peer.gone()) {
    for (const ApiEvent& event : events) {
      const std::string line = Line(event.type, event.object);
      if (!peer.SendChunk(line)) {
        if (fault != nullptr && fault->status == 0) peer.Reset();
        return false;
      }
      version = event.version;
      told += line.size();
    }
    if (to_fail && (fault->bytes == 0 || told >= fault->bytes)) {
      return peer.SendChunk(Line("ERROR", ApiProblem(fault->status, fault->reason, "as scripted").body)) &&
             peer.Send("0\r\n\r\n");
    }
    if (RealClock().SteadyNow() >= end || watch_ends_ != ends) return bookmark() && peer.Send("0\r\n\r\n");
    if (bookmarks_ != bookmarks) {
      bookmarks = bookmarks_;
      const std::uint64_t now = objects_.version();
      const auto untold = objects_.After(*path, query, version, {});
      if (untold && untold->empty()) version = std::max(version, now);
      if (!bookmark()) return false;
    }
    const auto more = objects_.After(*path, query, version, std::chrono::milliseconds(kPollMilliseconds));
    if (!more) {
      return peer.SendChunk(Line("ERROR", ApiProblem(410, "Expired", "too old resource version").body)) &&
             peer.Send("0\r\n\r\n");
    }
    events = *more;
  }
  return false;
}

std::unique_ptr<ApiFault> ScriptedApiServer::NextFault(const std::string& method, const std::string& target) {
  const MutexLock lock(mutex_);
  for (ApiFault& fault : faults_) {
    const bool matches =
        (fault.method.empty() || fault.method == method) && target.find(fault.target) != std::string::npos;
    if (!matches || fault.times == 0) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    if (fault.times > 0) --fault.times;
    return std::make_unique<ApiFault>(fault);
  }
  return nullptr;
}

void ScriptedApiServer::Inject(const ApiFault& fault) {
  const MutexLock lock(mutex_);
  faults_.push_back(fault);
}

void ScriptedApiServer::Heal() {
  const MutexLock lock(mutex_);
  faults_.clear();
}

void ScriptedApiServer::RequireToken(const std::string& token) {
  const MutexLock lock(mutex_);
  token_ = token;
}

void ScriptedApiServer::OnTokenReview(std::function<json(const json& spec)> review) {
  const MutexLock lock(mutex_);
  review_ = std::move(review);
}

void ScriptedApiServer::ResetConnections() {
  const MutexLock lock(mutex_);
  const linger now{1, 0};
  for (const int socket : open_) {
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::shutdown(socket, SHUT_RD);
  }
}

void ScriptedApiServer::EndWatches() { ++watch_ends_; }

void ScriptedApiServer::SendBookmarks() { ++bookmarks_; }

std::vector<ApiRequest> ScriptedApiServer::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

std::size_t ScriptedApiServer::CountRequests(const std::string& method, const std::string& target) const {
  const MutexLock lock(mutex_);
  return static_cast<std::size_t>(std::count_if(requests_.begin(), requests_.end(), [&](const ApiRequest& request) {
    return (method.empty() || request.method == method) && request.target.find(target) != std::string::npos;
  }));
}

}  // namespace eoa
