#include "operator/kube/reflector.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/json_guard.h"
#include "common/base/log.h"

namespace eoa::kube {
namespace {

constexpr std::size_t kLongestQuote = 500;  // of an event, in an error

// A server that has not come as far as the version asked for says so after three seconds and wants to be asked again;
// the full list that follows helps sooner.
constexpr Duration kPatienceForVersion = std::chrono::seconds(10);

}  // namespace

Reflector::Reflector(const ResourceType& type, const ReflectorOptions& options, ApiClient& client, ObjectStore& store,
                     Clock& clock, std::unique_ptr<Random> random)
    : type_(type),
      options_(options),
      client_(client),
      store_(store),
      clock_(clock),
      random_(std::move(random)),
      state_(options_, *random_) {}

Reflector::~Reflector() { Stop(); }

void Reflector::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Reflector::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  cancellation_.Cancel();
  if (thread_.joinable()) thread_.join();
}

bool Reflector::Pause(Duration delay) {
  MutexLock lock(mutex_);
  return !changed_.WaitFor(mutex_, delay, [this]() REQUIRES(mutex_) { return stopping_; });
}

void Reflector::Run() {
  ReflectorStep step;
  {
    const MutexLock lock(mutex_);
    step = state_.Begin();
  }
  while (Pause(step.delay)) {
    const auto request = std::move(step.request);
    step = std::visit([this](const auto& wanted) { return CarryOut(wanted); }, request);
  }
}

ReflectorStep Reflector::CarryOut(const ListStep& step) {
  if (step.continue_token.empty()) gathered_ = {};
  ListOptions options;
  options.name_space = options_.name_space;
  options.label_selector = options_.label_selector;
  options.limit = step.limit;
  options.metadata_only = options_.metadata_only;
  options.timeout = options_.list_timeout;
  options.continue_token = step.continue_token;
  // A continued list knows its version.
  if (step.continue_token.empty() && !step.resource_version.empty()) {
    options.resource_version = step.resource_version;
    options.resource_version_match = "NotOlderThan";
    options.timeout = std::min(options.timeout, kPatienceForVersion);
  }
  Result<ObjectList> page = client_.List(type_, options, &cancellation_);
  const SteadyTime now = clock_.SteadyNow();
  if (!page.ok()) {
    NoteError("listing", page.error());
    gathered_ = {};
    const MutexLock lock(mutex_);
    return state_.OnListFailed(FailureOf(page.error()), now);
  }
  for (nlohmann::json& object : page->items) store_.Gather(std::move(object), gathered_);
  page->items = {};

  ReflectorStep next;
  {
    const MutexLock lock(mutex_);
    next = state_.OnPage(page->resource_version, page->continue_token, now);
  }
  NoteContact(now);
  if (!next.list_is_whole) return next;

  store_.Replace(std::exchange(gathered_, {}), synced() ? ChangeSource::kRelist : ChangeSource::kFirstList);
  if (options_.resync && step.reason == ListReason::kPeriodic) store_.Resync();
  {
    const MutexLock lock(mutex_);
    synced_ = true;
    changed_.NotifyAll();
  }
  return next;
}

ReflectorStep Reflector::CarryOut(const WatchStep& step) {
  WatchOptions options;
  options.name_space = options_.name_space;
  options.label_selector = options_.label_selector;
  options.resource_version = step.resource_version;
  options.timeout = step.timeout;
  options.bookmarks = true;
  options.metadata_only = options_.metadata_only;
  options.silence = options_.quiet_limit;
  heard_at_ = clock_.SteadyNow();
  {
    const MutexLock lock(mutex_);
    state_.OnWatchBegun(heard_at_);
  }
  std::optional<Failure> failure;
  const Status status = client_.Watch(
      type_, options, [&](nlohmann::json event) { return TakeEvent(std::move(event), failure); }, &cancellation_);
  const SteadyTime now = clock_.SteadyNow();
  // The server should have closed the watch by now; our own timeout did. Not an error.
  const bool timed_out = !status.ok() && status.error().code() == ErrorCode::kDeadlineExceeded;
  if (!status.ok() && !timed_out && now - heard_at_ >= options_.quiet_limit) {
    failure = Failure{Failure::Kind::kQuiet, {}};
  } else if (!status.ok() && !timed_out) {
    NoteError("watching", status.error());
    if (!failure) failure = FailureOf(status.error());
  }
  const MutexLock lock(mutex_);
  return state_.OnWatchEnded(failure, now);
}

Status Reflector::TakeEvent(nlohmann::json event, std::optional<Failure>& failure) {
  EventResult result;
  {
    const MutexLock lock(mutex_);
    if (stopping_) return CancelledError("the reflector stops");
    result = state_.OnEvent(event);
  }
  if (result.effect == EventEffect::kEnd) {
    failure = result.failure;
    return AbortedError("the server ended the watch: " + DumpJson(event).substr(0, kLongestQuote));
  }
  heard_at_ = clock_.SteadyNow();
  NoteContact(heard_at_);
  if (result.effect == EventEffect::kNone) return OkStatus();
  nlohmann::json& object = event["object"];
  const std::optional<ObjectKey> key = KeyOf(object);
  if (!key) return OkStatus();
  if (result.effect == EventEffect::kPut) {
    store_.Put(*key, std::move(object), ChangeSource::kWatch);
  } else {
    store_.Remove(*key, ChangeSource::kWatch);
  }
  return OkStatus();
}

void Reflector::NoteContact(SteadyTime now) {
  const MutexLock lock(mutex_);
  last_contact_ = now;
  last_error_.clear();
}

void Reflector::NoteError(std::string_view doing, const Error& error) {
  const MutexLock lock(mutex_);
  if (stopping_) return;
  // A dead server is one line, not one for each try.
  const bool news = last_error_.empty();
  last_error_ = std::string(doing) + " " + std::string(type_.plural) + ": " + error.ToString();
  Log(news ? LogLevel::kWarning : LogLevel::kDebug, "cannot follow the API server",
      {{"resource", std::string(type_.plural)}, {"error", last_error_}});
}

bool Reflector::WaitForSync(Duration limit) const {
  MutexLock lock(mutex_);
  changed_.WaitFor(mutex_, limit, [this]() REQUIRES(mutex_) { return synced_ || stopping_; });
  return synced_ && !stopping_;
}

bool Reflector::synced() const {
  const MutexLock lock(mutex_);
  return synced_;
}

ReflectorStats Reflector::stats() const {
  const MutexLock lock(mutex_);
  ReflectorStats stats;
  stats.counts = state_.counts();
  stats.synced = synced_;
  stats.resource_version = state_.resource_version();
  if (last_contact_) stats.quiet = clock_.SteadyNow() - *last_contact_;
  stats.last_error = last_error_;
  return stats;
}

}  // namespace eoa::kube
