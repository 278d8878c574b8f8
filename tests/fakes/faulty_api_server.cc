#include "tests/fakes/faulty_api_server.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "common/base/json_guard.h"

namespace eoa {
namespace {

using nlohmann::json;

json PodOf(const PodEvent& event) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"namespace", "ns"}, {"name", event.name}, {"resourceVersion", std::to_string(event.version)}}},
          {"status", {{"phase", event.phase}}}};
}

json StatusOf(int code, const std::string& reason) {
  return {{"apiVersion", "v1"}, {"kind", "Status"}, {"status", "Failure"},
          {"code", code},       {"reason", reason}, {"message", reason + " by chance"}};
}

net::Response Answer(int code, const json& body) {
  return {.status = code, .headers = {{"Content-Type", "application/json"}}, .body = DumpJson(body)};
}

std::string Line(const std::string& type, const json& object) {
  return DumpJson(json{{"type", type}, {"object", object}}) + "\n";
}

std::map<std::string, std::string> QueryOf(const std::string& url) {
  std::map<std::string, std::string> query;
  const std::size_t mark = url.find('?');
  if (mark == std::string::npos) return query;
  std::string_view rest = std::string_view(url).substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    std::string value;
    if (net::PercentDecode(pair.substr(equals + 1), value)) query[std::string(pair.substr(0, equals))] = value;
  }
  return query;
}

std::string ValueOf(const std::map<std::string, std::string>& query, const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

bool Cancelled(const net::Cancellation* cancellation) { return cancellation != nullptr && cancellation->cancelled(); }

// As a client that waits for a server that says nothing.
Error BeSilent(const net::Request& request, const net::Cancellation* cancellation) {
  const SteadyTime begin = RealClock().SteadyNow();
  while (RealClock().SteadyNow() - begin < request.silence) {
    if (Cancelled(cancellation)) return CancelledError("cancelled");
    RealClock().SleepFor(std::chrono::milliseconds(1));
  }
  return UnavailableError("the server is silent");
}

}  // namespace

void ObjectHistory::Append(PodEvent event) {
  event.version = ++version_;
  if (event.type == "DELETED") {
    live_.erase(event.name);
  } else {
    live_[event.name] = event;
  }
  events_.push_back(std::move(event));
  grown_.NotifyAll();
}

void ObjectHistory::Put(const std::string& name, const std::string& phase) {
  const MutexLock lock(mutex_);
  Append({live_.contains(name) ? "MODIFIED" : "ADDED", name, 0, phase});
}

void ObjectHistory::Delete(const std::string& name) {
  const MutexLock lock(mutex_);
  const auto found = live_.find(name);
  if (found != live_.end()) Append({"DELETED", name, 0, found->second.phase});
}

void ObjectHistory::Compact() {
  const MutexLock lock(mutex_);
  horizon_ = version_;
}

std::pair<std::map<std::string, PodEvent>, std::uint64_t> ObjectHistory::Snapshot() const {
  const MutexLock lock(mutex_);
  return {live_, version_};
}

std::vector<PodEvent> ObjectHistory::Everything() const {
  const MutexLock lock(mutex_);
  return events_;
}

std::optional<std::vector<PodEvent>> ObjectHistory::After(std::uint64_t version, Duration patience) {
  MutexLock lock(mutex_);
  if (version < horizon_) return std::nullopt;
  grown_.WaitFor(mutex_, patience, [&]() REQUIRES(mutex_) { return version_ > version; });
  if (version < horizon_) return std::nullopt;
  const auto first = std::upper_bound(events_.begin(), events_.end(), version,
                                      [](std::uint64_t value, const PodEvent& event) { return value < event.version; });
  return std::vector<PodEvent>(first, events_.end());
}

FaultyApiServer::FaultyApiServer(ObjectHistory& history, const Faults& faults, std::uint64_t seed)
    : history_(history), faults_(faults), random_(seed, {HashName("faulty-api-server"), 0}) {}

void FaultyApiServer::Heal() {
  const MutexLock lock(mutex_);
  const bool slice = faults_.slice;
  faults_ = {};
  faults_.slice = slice;
}

std::uint64_t FaultyApiServer::faults_made() const {
  const MutexLock lock(mutex_);
  return faults_made_;
}

std::uint64_t FaultyApiServer::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

bool FaultyApiServer::Happens(double chance) {
  const bool happens = random_.NextUniform() < chance;
  if (happens) ++faults_made_;
  return happens;
}

std::uint64_t FaultyApiServer::Below(std::uint64_t bound) {
  const MutexLock lock(mutex_);
  return random_.NextBelow(bound);
}

std::optional<Result<net::Response>> FaultyApiServer::Refuse() {
  const MutexLock lock(mutex_);
  ++requests_;
  if (Happens(faults_.compact)) {
    history_.Compact();
    pages_.clear();
  }
  if (Happens(faults_.refused)) return Result<net::Response>(UnavailableError("connection refused by chance"));
  if (Happens(faults_.too_many)) return Result<net::Response>(Answer(429, StatusOf(429, "TooManyRequests")));
  if (Happens(faults_.server_error)) return Result<net::Response>(Answer(500, StatusOf(500, "InternalError")));
  return std::nullopt;
}

Result<net::Response> FaultyApiServer::Send(const net::Request& request, net::Cancellation* cancellation) {
  if (Cancelled(cancellation)) return CancelledError("cancelled");
  if (auto refusal = Refuse()) return *std::move(refusal);
  const MutexLock lock(mutex_);
  return List(QueryOf(request.url));
}

net::Response FaultyApiServer::List(const std::map<std::string, std::string>& query) {
  Pages rest;
  const std::string token = ValueOf(query, "continue");
  const std::string version = ValueOf(query, "resourceVersion");
  if (!token.empty()) {
    const auto found = pages_.find(token);
    if (found == pages_.end() || !version.empty()) return Answer(410, StatusOf(410, "Expired"));
    rest = std::move(found->second);
    pages_.erase(found);
  } else if (!version.empty() && older_.version >= std::stoull(version) && Happens(faults_.stale_list)) {
    rest = older_;
  } else {
    const auto [live, now] = history_.Snapshot();
    if (!version.empty() && std::stoull(version) > now) return Answer(504, StatusOf(504, "Timeout"));
    for (const auto& [name, pod] : live) rest.objects.push_back(pod);
    rest.version = now;
    older_ = rest;
  }
  const std::string limit = ValueOf(query, "limit");
  const std::size_t most = limit.empty() || limit == "0" ? rest.objects.size() : std::stoul(limit);
  const std::size_t count = std::min(most, rest.objects.size());
  json items = json::array();
  for (std::size_t i = 0; i < count; ++i) items.push_back(PodOf(rest.objects[i]));
  json metadata = {{"resourceVersion", std::to_string(rest.version)}};
  if (count < rest.objects.size()) {
    const std::string next = "token-" + std::to_string(++tokens_);
    metadata["continue"] = next;
    rest.objects.erase(rest.objects.begin(), rest.objects.begin() + static_cast<std::ptrdiff_t>(count));
    pages_[next] = std::move(rest);
  }
  return Answer(200, {{"apiVersion", "v1"}, {"kind", "PodList"}, {"metadata", metadata}, {"items", items}});
}

Status FaultyApiServer::Emit(const std::string& text, const net::BodySink& sink) {
  std::string_view rest = text;
  while (!rest.empty()) {
    bool slice = false;
    {
      const MutexLock lock(mutex_);
      slice = faults_.slice;
    }
    const std::size_t size = slice ? std::min<std::size_t>(rest.size(), 1 + Below(7)) : rest.size();
    EOA_RETURN_IF_ERROR(sink(rest.substr(0, size)));
    rest.remove_prefix(size);
  }
  return OkStatus();
}

Result<net::Response> FaultyApiServer::Watch(const net::Request& request, const net::BodySink& sink,
                                             const net::Cancellation* cancellation) {
  std::uint64_t version = std::stoull(ValueOf(QueryOf(request.url), "resourceVersion"));
  Duration longest{};
  {
    const MutexLock lock(mutex_);
    longest = FromSeconds(ToSeconds(faults_.longest_watch) * random_.NextUniform());
  }
  const SteadyTime end = RealClock().SteadyNow() + longest;
  const net::Response whole{.status = 200, .headers = {}, .body = ""};
  const auto refuse = [&] { return Answer(410, StatusOf(410, "Expired")); };
  if (!history_.After(version, {})) return refuse();
  while (!Cancelled(cancellation)) {
    const Duration left = end - RealClock().SteadyNow();
    if (left <= Duration::zero()) {
      EOA_RETURN_IF_ERROR(Emit(Line("BOOKMARK", PodOf({"", "", version, ""})), sink));
      return whole;
    }
    const auto events = history_.After(version, std::min<Duration>(left, std::chrono::milliseconds(5)));
    if (!events) {
      EOA_RETURN_IF_ERROR(Emit(Line("ERROR", StatusOf(410, "Expired")), sink));
      return whole;
    }
    for (const PodEvent& event : *events) {
      version = event.version;
      const std::string line = Line(event.type, PodOf(event));
      MutexLock lock(mutex_);
      const bool lost = Happens(faults_.lost);
      const bool silent = Happens(faults_.silent);
      const bool torn = Happens(faults_.torn);
      const bool reset = Happens(faults_.reset);
      const bool error_event = Happens(faults_.error_event);
      const bool clean_end = Happens(faults_.clean_end);
      const std::size_t cut = random_.NextBelow(line.size());
      const bool gone = random_.NextBelow(2) == 0;
      lock.Unlock();
      if (lost) continue;
      if (silent) return BeSilent(request, cancellation);
      if (torn) {
        EOA_RETURN_IF_ERROR(Emit(line.substr(0, cut), sink));
        if (gone) return whole;
        return UnavailableError("connection reset by chance");
      }
      EOA_RETURN_IF_ERROR(Emit(line, sink));
      if (reset) return UnavailableError("connection reset by chance");
      if (error_event) {
        EOA_RETURN_IF_ERROR(
            Emit(Line("ERROR", gone ? StatusOf(410, "Expired") : StatusOf(500, "InternalError")), sink));
        return whole;
      }
      if (clean_end) return whole;
    }
  }
  return CancelledError("cancelled");
}

Result<net::Response> FaultyApiServer::Stream(const net::Request& request, const net::BodySink& sink,
                                              net::Cancellation* cancellation) {
  if (Cancelled(cancellation)) return CancelledError("cancelled");
  if (auto refusal = Refuse()) return *std::move(refusal);
  return Watch(request, sink, cancellation);
}

}  // namespace eoa
