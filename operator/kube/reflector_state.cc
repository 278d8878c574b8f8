#include "operator/kube/reflector_state.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/json_access.h"

namespace eoa::kube {
namespace {

constexpr int kGone = 410;
constexpr int kTooManyRequests = 429;
constexpr int kFirstServerError = 500;

constexpr int kMostObjects = 1'000'000;

// A watch is not worth its while for less of the relist period.
constexpr int kLeastShareOfPeriod = 100;

Duration Spread(Duration least, Duration spread, Random& random) {
  return least + FromSeconds(ToSeconds(spread) * random.NextUniform());
}

}  // namespace

std::string_view ListReasonName(ListReason reason) {
  switch (reason) {
    case ListReason::kFirst:
      return "first";
    case ListReason::kPeriodic:
      return "periodic";
    case ListReason::kExpired:
      return "expired";
    case ListReason::kError:
      return "error";
  }
  return "";
}

std::string_view WatchEndName(WatchEnd end) {
  switch (end) {
    case WatchEnd::kTimeout:
      return "timeout";
    case WatchEnd::kGone:
      return "gone";
    case WatchEnd::kThrottled:
      return "throttled";
    case WatchEnd::kShort:
      return "short";
    case WatchEnd::kQuiet:
      return "quiet";
    case WatchEnd::kError:
      return "error";
  }
  return "";
}

Failure FailureOf(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kOutOfRange:
      return {Failure::Kind::kExpired, {}};
    case ErrorCode::kResourceExhausted:
      return {Failure::Kind::kThrottled, {}};
    case ErrorCode::kFailedPrecondition:
      return {Failure::Kind::kTooLarge, {}};
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
      return {Failure::Kind::kRejected, {}};
    default:
      return {Failure::Kind::kUnavailable, {}};
  }
}

Failure FailureOfStatus(const nlohmann::json& status) {
  Failure failure;
  const std::int64_t code = IntegerAt(status, "code");
  const std::string reason = TextAt(status, "reason");
  if (code == kGone || reason == "Expired" || reason == "Gone") {
    failure.kind = Failure::Kind::kExpired;
  } else if (code == kTooManyRequests) {
    failure.kind = Failure::Kind::kThrottled;
  } else if (code > 0 && code < kFirstServerError) {
    failure.kind = Failure::Kind::kRejected;
  }
  const std::int64_t seconds = IntegerAt(At(status, "details"), "retryAfterSeconds");
  failure.retry_after = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 3600));
  return failure;
}

ReflectorState::ReflectorState(const ReflectorOptions& options, Random& random)
    : options_(options), random_(random), page_limit_(options.page_limit), backoff_(options.backoff) {}

ReflectorStep ReflectorState::Begin() { return FullList(ListReason::kFirst, {}); }

ReflectorStep ReflectorState::List(ListStep list, Duration delay) {
  list_ = std::move(list);
  if (list_.continue_token.empty()) ++counts_.lists.at(static_cast<std::size_t>(list_.reason));
  return {delay, list_};
}

ReflectorStep ReflectorState::FullList(ListReason reason, Duration delay) {
  return List({reason, {}, {}, page_limit_}, delay);
}

ReflectorStep ReflectorState::ListNotOlder(ListReason reason, Duration delay) {
  return List({reason, resource_version_, {}, page_limit_}, delay);
}

ReflectorStep ReflectorState::Watch(Duration delay, SteadyTime now) {
  const Duration until_relist = next_relist_ - now - delay;
  if (until_relist < options_.relist_period / kLeastShareOfPeriod) return FullList(ListReason::kPeriodic, delay);
  const Duration timeout = std::min(Spread(options_.watch_timeout, options_.watch_timeout, random_), until_relist);
  // Zero would be the server's default.
  const Duration whole = std::max<Duration>(std::chrono::floor<std::chrono::seconds>(timeout), std::chrono::seconds(1));
  return {delay, WatchStep{resource_version_, whole}};
}

Duration ReflectorState::DelayAfter(const Failure& failure, SteadyTime now) {
  return std::max(backoff_.Next(now, random_), std::min(failure.retry_after, kLongestRetryAfter));
}

void ReflectorState::SetNextRelist(SteadyTime now) {
  const Duration tenth = options_.relist_period / 10;
  next_relist_ = now + Spread(options_.relist_period - tenth, 2 * tenth, random_);
}

ReflectorStep ReflectorState::OnPage(const std::string& resource_version, const std::string& continue_token,
                                     SteadyTime now) {
  if (!continue_token.empty()) {
    ListStep next = list_;
    next.continue_token = continue_token;
    return List(std::move(next), {});
  }
  // Without a version there is nothing to watch from.
  if (resource_version.empty()) return OnListFailed({}, now);
  resource_version_ = resource_version;
  synced_ = true;
  watch_failures_ = 0;
  page_limit_ = std::min(options_.page_limit, page_limit_ * 2);
  SetNextRelist(now);
  ReflectorStep step = Watch({}, now);
  step.list_is_whole = true;
  return step;
}

ReflectorStep ReflectorState::OnListFailed(const Failure& failure, SteadyTime now) {
  ++counts_.list_failures;
  const Duration delay = DelayAfter(failure, now);
  const bool pages_expired = failure.kind == Failure::Kind::kExpired && !list_.continue_token.empty();
  if (pages_expired)
    return List({list_.reason, {}, {}, std::min(list_.limit, kMostObjects / kPageGrowth) * kPageGrowth}, delay);
  if (failure.kind == Failure::Kind::kTooLarge && page_limit_ > 1) {
    page_limit_ = std::max(1, std::min(page_limit_, list_.limit) / 2);
    return List({list_.reason, list_.resource_version, {}, page_limit_}, delay);
  }
  if (list_.reason == ListReason::kPeriodic) {
    // The watch is still good.
    next_relist_ = now + delay + Spread(options_.relist_period / 10, options_.relist_period / 10, random_);
    return Watch(delay, now);
  }
  // A list at a version is tried once: it may be gone, or the server may not have come so far.
  return FullList(list_.reason, delay);
}

void ReflectorState::OnWatchBegun(SteadyTime now) {
  ++counts_.watches;
  watch_began_ = now;
  watch_events_ = 0;
  replay_ = resource_version_ == "0";
}

EventResult ReflectorState::OnEvent(const nlohmann::json& event) {
  const std::string type = TextAt(event, "type");
  const nlohmann::json& object = At(event, "object");
  if (type == "ERROR") return {EventEffect::kEnd, object.is_null() ? Failure{} : FailureOfStatus(object)};
  const std::string version = TextAt(At(object, "metadata"), "resourceVersion");
  if (type.empty() || version.empty()) return {EventEffect::kEnd, {}};
  ++watch_events_;
  const bool added = type == "ADDED";
  if (!added) replay_ = false;
  if (!replay_) resource_version_ = version;
  if (type == "BOOKMARK") {
    ++counts_.bookmarks;
    return {};
  }
  ++counts_.events;
  if (added || type == "MODIFIED") return {EventEffect::kPut, {}};
  if (type == "DELETED") return {EventEffect::kRemove, {}};
  return {};
}

ReflectorStep ReflectorState::OnWatchEnded(const std::optional<Failure>& failure, SteadyTime now) {
  const auto count = [this](WatchEnd end) { ++counts_.watch_ends.at(static_cast<std::size_t>(end)); };
  if (watch_events_ > 0) watch_failures_ = 0;
  if (!failure) {
    if (watch_events_ > 0 || now - watch_began_ >= options_.short_watch) {
      count(WatchEnd::kTimeout);
      watch_failures_ = 0;
      return Watch(Spread({}, options_.rewatch_spread, random_), now);
    }
    count(WatchEnd::kShort);
    return Watch(DelayAfter({}, now), now);
  }
  // Where a server sends no bookmarks this is how watches end, so it costs no back-off.
  if (failure->kind == Failure::Kind::kQuiet) {
    count(WatchEnd::kQuiet);
    return Watch(Spread({}, options_.rewatch_spread, random_), now);
  }
  const Duration delay = DelayAfter(*failure, now);
  switch (failure->kind) {
    case Failure::Kind::kExpired:
      count(WatchEnd::kGone);
      // What such a list gave was too old already: a cache that lags behind.
      if (watch_events_ == 0 && !list_.resource_version.empty()) return FullList(ListReason::kExpired, delay);
      return ListNotOlder(ListReason::kExpired, delay);
    case Failure::Kind::kThrottled:
      count(WatchEnd::kThrottled);
      return Watch(delay, now);
    case Failure::Kind::kRejected:
      count(WatchEnd::kError);
      return FullList(ListReason::kError, delay);
    case Failure::Kind::kQuiet:
    case Failure::Kind::kTooLarge:
    case Failure::Kind::kUnavailable:
      break;
  }
  count(WatchEnd::kError);
  if (++watch_failures_ < kWatchFailures) return Watch(delay, now);
  watch_failures_ = 0;
  return FullList(ListReason::kError, delay);
}

}  // namespace eoa::kube
