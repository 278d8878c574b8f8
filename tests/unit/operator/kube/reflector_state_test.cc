// What a reflector asks for next, case by case. Cases that client-go has too bear its names
// (tools/cache/reflector_test.go) in front of what they show. No thread, no clock, no server: time and chance are
// numbers here.
#include "operator/kube/reflector_state.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace eoa::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Always the same number.
class SameNumber final : public Random {
 public:
  explicit SameNumber(double number) : number_(number) {}
  double NextUniform() override { return number_; }

 private:
  double number_;
};

json Event(const std::string& type, const std::string& version) {
  return {{"type", type}, {"object", {{"metadata", {{"name", "a"}, {"resourceVersion", version}}}}}};
}

json ErrorEvent(int code, const std::string& reason = "", int retry_after = 0) {
  json status = {{"kind", "Status"}, {"code", code}, {"reason", reason}};
  if (retry_after > 0) status["details"]["retryAfterSeconds"] = retry_after;
  return {{"type", "ERROR"}, {"object", status}};
}

Failure Expired() { return FailureOf(Error(ErrorCode::kOutOfRange, "too old resource version")); }
Failure Refused() { return FailureOf(UnavailableError("connection refused")); }
Failure Throttled() { return FailureOf(ResourceExhaustedError("too many requests")); }

// Plays the server's part; keeps the step that is to be carried out, and the time.
class ReflectorStateTest : public ::testing::Test {
 protected:
  void Start(ReflectorOptions options = {}) {
    state_.emplace(options, random_);
    step_ = state_->Begin();
  }

  // A reflector whose list at version 100 is done.
  void StartWatching(ReflectorOptions options = {}) {
    Start(options);
    Page("100");
    ASSERT_TRUE(IsWatch());
  }

  void Page(const std::string& version, const std::string& token = "") {
    now_ += step_.delay;
    step_ = state_->OnPage(version, token, now_);
  }
  void ListFails(const Failure& failure) {
    now_ += step_.delay;
    step_ = state_->OnListFailed(failure, now_);
    EXPECT_GT(step_.delay, Duration::zero()) << "a server that refuses lists would be flooded";
  }
  void BeginWatch() {
    ASSERT_TRUE(IsWatch());
    now_ += step_.delay;
    state_->OnWatchBegun(now_);
  }
  void WatchEnds(const std::optional<Failure>& failure, Duration after = minutes(5)) {
    now_ += after;
    step_ = state_->OnWatchEnded(failure, now_);
    EXPECT_GT(after + step_.delay, Duration::zero()) << "a server would be flooded";
  }
  // A whole watch.
  void WatchFails(const Failure& failure) {
    BeginWatch();
    WatchEnds(failure, Duration::zero());
  }
  EventEffect Take(const json& event) { return state_->OnEvent(event).effect; }

  bool IsWatch() const { return std::holds_alternative<WatchStep>(step_.request); }
  const WatchStep& watch() const { return std::get<WatchStep>(step_.request); }
  const ListStep& list() const { return std::get<ListStep>(step_.request); }
  std::uint64_t WatchEndsOf(WatchEnd end) const {
    return state_->counts().watch_ends.at(static_cast<std::size_t>(end));
  }
  std::uint64_t Lists() const {
    std::uint64_t lists = 0;
    for (const std::uint64_t count : state_->counts().lists) lists += count;
    return lists;
  }

  SameNumber random_{0.5};
  std::optional<ReflectorState> state_;
  ReflectorStep step_;
  SteadyTime now_{std::chrono::hours(1)};
};

TEST_F(ReflectorStateTest, TheFirstListIsTheMostRecentStateInPages) {
  Start();
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().resource_version, "") << "0 would be a cache that may be behind what was seen before a restart";
  EXPECT_EQ(list().limit, 50);
  EXPECT_EQ(step_.delay, Duration::zero());
  EXPECT_FALSE(state_->synced());
}

TEST_F(ReflectorStateTest, ListAndWatchGoesOnFromTheVersionOfTheList) {
  StartWatching();
  EXPECT_EQ(watch().resource_version, "100");
  EXPECT_EQ(step_.delay, Duration::zero());
  EXPECT_TRUE(state_->synced());
}

TEST_F(ReflectorStateTest, ListPageReflectorAsksForEveryPageAndThenWatches) {
  Start();
  Page("100", "more");
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().continue_token, "more");
  EXPECT_EQ(list().limit, 50);
  EXPECT_FALSE(state_->synced()) << "half a list is none";
  Page("100", "last");
  EXPECT_EQ(list().continue_token, "last");
  Page("101");
  ASSERT_TRUE(IsWatch());
  EXPECT_EQ(watch().resource_version, "101");
  EXPECT_EQ(Lists(), 1u);
}

TEST_F(ReflectorStateTest, PagesThatExpireAreListedAgainAndBigger) {
  Start();
  Page("100", "more");
  ListFails(Expired());
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().continue_token, "");
  EXPECT_EQ(list().limit, 500);
  EXPECT_GE(step_.delay, milliseconds(800)) << "no loop without a pause";
  for (int i = 0; i < 20; ++i) {
    Page("200", "more");
    ListFails(Expired());
    ASSERT_GT(list().limit, 0);
  }
  Page("200");
  EXPECT_EQ(watch().resource_version, "200");
}

TEST_F(ReflectorStateTest, PagesThatAreTooLargeAreListedAgainAndSmallerAndGrowAgainLater) {
  const Failure too_large = FailureOf(FailedPreconditionError("the answer is larger than 16777216 bytes"));
  Start();
  ListFails(too_large);
  EXPECT_EQ(list().limit, 25);
  Page("100", "more");
  ListFails(too_large);
  EXPECT_EQ(list().limit, 12);
  EXPECT_EQ(list().continue_token, "") << "from the start";
  for (int i = 0; i < 4; ++i) ListFails(too_large);
  EXPECT_EQ(list().limit, 1);
  ListFails(too_large);
  EXPECT_GE(step_.delay, milliseconds(800)) << "one object that does not fit is no reason to ask without a pause";
  Page("100");
  WatchFails(Expired());
  EXPECT_EQ(list().limit, 2);
}

TEST_F(ReflectorStateTest, AListWithoutAVersionIsAFailedOne) {
  Start();
  Page("");
  EXPECT_FALSE(IsWatch());
  EXPECT_FALSE(state_->synced());
  EXPECT_EQ(state_->counts().list_failures, 1u);
}

TEST_F(ReflectorStateTest, AServerThatRefusesTheFirstListIsAskedAgainWithGrowingPauses) {
  Start();
  std::vector<Duration> delays;
  for (int i = 0; i < 7; ++i) {
    ListFails(Refused());
    ASSERT_FALSE(IsWatch());
    delays.push_back(step_.delay);
  }
  EXPECT_EQ(delays, (std::vector<Duration>{milliseconds(1200), milliseconds(2400), milliseconds(4800),
                                           milliseconds(9600), milliseconds(19200), milliseconds(38400), seconds(45)}));
  EXPECT_EQ(state_->counts().list_failures, 7u);
}

TEST_F(ReflectorStateTest, WatchTimeoutIsFiveToTenMinutesAtRandom) {
  for (const auto& [chance, timeout] :
       std::vector<std::pair<double, Duration>>{{0.0, seconds(300)}, {0.7, seconds(510)}}) {
    SameNumber random(chance);
    ReflectorState state({}, random);
    state.Begin();
    const ReflectorStep step = state.OnPage("1", "", now_);
    EXPECT_EQ(std::get<WatchStep>(step.request).timeout, timeout);
  }
}

TEST_F(ReflectorStateTest, WatchListTakesTheVersionOfEveryEvent) {
  StartWatching();
  BeginWatch();
  EXPECT_EQ(Take(Event("ADDED", "101")), EventEffect::kPut);
  EXPECT_EQ(Take(Event("MODIFIED", "104")), EventEffect::kPut);
  EXPECT_EQ(Take(Event("DELETED", "107")), EventEffect::kRemove);
  WatchEnds(std::nullopt);
  ASSERT_TRUE(IsWatch());
  EXPECT_EQ(watch().resource_version, "107");
  EXPECT_EQ(state_->counts().events, 3u);
}

TEST_F(ReflectorStateTest, BookmarksMoveTheVersionAndNothingElse) {
  StartWatching();
  BeginWatch();
  EXPECT_EQ(Take(Event("BOOKMARK", "150")), EventEffect::kNone);
  WatchEnds(std::nullopt);
  EXPECT_EQ(watch().resource_version, "150");
  EXPECT_EQ(state_->counts().bookmarks, 1u);
  EXPECT_EQ(state_->counts().events, 0u);
}

TEST_F(ReflectorStateTest, VersionsAreOpaqueAndNeverCompared) {
  StartWatching();
  BeginWatch();
  Take(Event("MODIFIED", "zebra"));
  Take(Event("MODIFIED", "9"));
  EXPECT_EQ(state_->resource_version(), "9");
}

TEST_F(ReflectorStateTest, ReplayedObjectsDoNotMoveTheVersionOfAWatchFromZero) {
  Start();
  Page("0");
  BeginWatch();
  Take(Event("ADDED", "90"));
  Take(Event("ADDED", "40"));
  EXPECT_EQ(state_->resource_version(), "0");
  Take(Event("BOOKMARK", "95"));
  EXPECT_EQ(state_->resource_version(), "95");
  Take(Event("ADDED", "96"));
  EXPECT_EQ(state_->resource_version(), "96");
}

TEST_F(ReflectorStateTest, AWatchThatEndsInOrderIsTakenUpAfterAMomentWithoutAList) {
  StartWatching({.relist_period = std::chrono::hours(1)});
  BeginWatch();
  WatchEnds(std::nullopt);
  ASSERT_TRUE(IsWatch());
  EXPECT_EQ(watch().resource_version, "100");
  EXPECT_EQ(step_.delay, milliseconds(250));
  EXPECT_EQ(Lists(), 1u);
  EXPECT_EQ(WatchEndsOf(WatchEnd::kTimeout), 1u);
}

TEST_F(ReflectorStateTest, VeryShortWatchWithoutAnEventIsAFailureAndBacksOff) {
  StartWatching();
  BeginWatch();
  WatchEnds(std::nullopt, milliseconds(999));
  ASSERT_TRUE(IsWatch());
  EXPECT_EQ(step_.delay, milliseconds(1200));
  EXPECT_EQ(WatchEndsOf(WatchEnd::kShort), 1u);
  BeginWatch();
  WatchEnds(std::nullopt, milliseconds(1));
  EXPECT_EQ(step_.delay, milliseconds(2400));
}

TEST_F(ReflectorStateTest, AShortWatchThatBroughtAnEventIsNone) {
  StartWatching();
  BeginWatch();
  Take(Event("MODIFIED", "101"));
  WatchEnds(std::nullopt, milliseconds(1));
  EXPECT_EQ(step_.delay, milliseconds(250));
  EXPECT_EQ(WatchEndsOf(WatchEnd::kTimeout), 1u);
}

TEST_F(ReflectorStateTest, AWatchThatWentQuietIsBegunAnewWithoutBackoffOrList) {
  StartWatching({.relist_period = std::chrono::hours(24)});
  for (int i = 0; i < 3 * ReflectorState::kWatchFailures; ++i) {
    BeginWatch();
    WatchEnds(Failure{Failure::Kind::kQuiet, {}}, seconds(150));
    ASSERT_TRUE(IsWatch());
    EXPECT_EQ(step_.delay, milliseconds(250));
  }
  EXPECT_EQ(WatchEndsOf(WatchEnd::kQuiet), 3u * ReflectorState::kWatchFailures);
}

TEST_F(ReflectorStateTest, BackoffOnTooManyRequestsGrows) {
  StartWatching();
  std::vector<Duration> delays;
  for (int i = 0; i < 3; ++i) {
    WatchFails(Throttled());
    ASSERT_TRUE(IsWatch());
    delays.push_back(step_.delay);
  }
  EXPECT_EQ(delays, (std::vector<Duration>{milliseconds(1200), milliseconds(2400), milliseconds(4800)}));
  EXPECT_EQ(WatchEndsOf(WatchEnd::kThrottled), 3u);
}

TEST_F(ReflectorStateTest, NoRelistOnTooManyRequests) {
  StartWatching({.relist_period = std::chrono::hours(24)});
  for (int i = 0; i < 100; ++i) {
    WatchFails(Throttled());
    ASSERT_TRUE(IsWatch());
    EXPECT_EQ(watch().resource_version, "100");
  }
  EXPECT_EQ(Lists(), 1u);
}

TEST_F(ReflectorStateTest, NoRelistOnConnectionRefusedUntilTenWatchesInARowFailed) {
  StartWatching({.relist_period = std::chrono::hours(24)});
  for (int i = 1; i < ReflectorState::kWatchFailures; ++i) {
    WatchFails(Refused());
    ASSERT_TRUE(IsWatch()) << i;
  }
  WatchFails(Refused());
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().reason, ListReason::kError);
  EXPECT_EQ(list().resource_version, "");
}

TEST_F(ReflectorStateTest, AWatchThatBringsSomethingIsNoFailureInARow) {
  StartWatching({.relist_period = std::chrono::hours(24)});
  for (int i = 0; i < 3 * ReflectorState::kWatchFailures; ++i) {
    BeginWatch();
    Take(Event("BOOKMARK", std::to_string(200 + i)));
    WatchEnds(Refused(), seconds(1));
    ASSERT_TRUE(IsWatch()) << i;
  }
}

TEST_F(ReflectorStateTest, ADeadServerIsAskedAtMostOnceIn30SecondsInTheEnd) {
  random_ = SameNumber(0);
  StartWatching();
  for (int i = 0; i < 10; ++i) {
    if (IsWatch()) {
      WatchFails(Refused());
    } else {
      ListFails(Refused());
    }
  }
  for (int i = 0; i < 100; ++i) {
    ASSERT_GE(step_.delay, seconds(30));
    if (IsWatch()) {
      WatchFails(Refused());
    } else {
      ListFails(Refused());
    }
  }
}

TEST_F(ReflectorStateTest, BackoffStartsAnewAfterTwoHealthyMinutes) {
  StartWatching();
  WatchFails(Refused());
  WatchFails(Refused());
  EXPECT_EQ(step_.delay, milliseconds(2400));
  BeginWatch();
  WatchEnds(Refused(), minutes(2));
  EXPECT_EQ(step_.delay, milliseconds(1200));
}

TEST_F(ReflectorStateTest, ExpiredAsHttpStatusIsListedAgainNotOlderThanTheLastVersion) {
  StartWatching();
  BeginWatch();
  Take(Event("MODIFIED", "120"));
  WatchEnds(Expired(), seconds(5));
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().resource_version, "120");
  EXPECT_EQ(list().reason, ListReason::kExpired);
  EXPECT_GE(step_.delay, milliseconds(800));
  EXPECT_EQ(WatchEndsOf(WatchEnd::kGone), 1u);
}

TEST_F(ReflectorStateTest, ExpiredAsEventInTheStreamIsTheSame) {
  for (const json& event : {ErrorEvent(410, "Expired"), ErrorEvent(410, "Gone"), ErrorEvent(0, "Expired")}) {
    StartWatching();
    BeginWatch();
    const EventResult result = state_->OnEvent(event);
    EXPECT_EQ(result.effect, EventEffect::kEnd);
    WatchEnds(result.failure, seconds(5));
    ASSERT_FALSE(IsWatch());
    EXPECT_EQ(list().resource_version, "100");
  }
}

TEST_F(ReflectorStateTest, FullListIfExpired) {
  StartWatching();
  WatchFails(Expired());
  EXPECT_EQ(list().resource_version, "100");
  ListFails(Expired());
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().resource_version, "");
  EXPECT_EQ(list().limit, 50);
  Page("300");
  EXPECT_EQ(watch().resource_version, "300");
}

TEST_F(ReflectorStateTest, FullListIfTooLarge) {
  StartWatching();
  WatchFails(Expired());
  EXPECT_EQ(list().resource_version, "100");
  // 504 Timeout with the cause ResourceVersionTooLarge.
  ListFails(FailureOf(UnavailableError("Too large resource version: 100, current: 90")));
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().resource_version, "");
}

TEST_F(ReflectorStateTest, AListThatIsTooOldToWatchFromIsFollowedByTheMostRecentState) {
  StartWatching();
  WatchFails(Expired());
  Page("90");
  ASSERT_TRUE(IsWatch());
  WatchFails(Expired());
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().resource_version, "") << "a cache that lags would answer the same for ever";
  EXPECT_EQ(step_.delay, milliseconds(2400)) << "and the pause grows";
}

TEST_F(ReflectorStateTest, RetryAfterOfAnErrorEventIsKeptWithinABound) {
  StartWatching();
  BeginWatch();
  EventResult result = state_->OnEvent(ErrorEvent(429, "TooManyRequests", 20));
  WatchEnds(result.failure, seconds(1));
  ASSERT_TRUE(IsWatch());
  EXPECT_EQ(step_.delay, seconds(20));
  BeginWatch();
  result = state_->OnEvent(ErrorEvent(429, "TooManyRequests", 86400));
  WatchEnds(result.failure, seconds(1));
  EXPECT_EQ(step_.delay, ReflectorState::kLongestRetryAfter);
}

TEST_F(ReflectorStateTest, AServerErrorInTheStreamIsWatchedAgainWithoutAList) {
  StartWatching();
  BeginWatch();
  const EventResult result = state_->OnEvent(ErrorEvent(500, "InternalError"));
  EXPECT_EQ(result.effect, EventEffect::kEnd);
  WatchEnds(result.failure, seconds(5));
  EXPECT_TRUE(IsWatch());
}

TEST_F(ReflectorStateTest, AVersionThatTheServerCallsWrongIsLeftForAFullList) {
  StartWatching();
  WatchFails(FailureOf(InvalidArgumentError("invalid resource version")));
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().resource_version, "");
  EXPECT_EQ(list().reason, ListReason::kError);
}

TEST_F(ReflectorStateTest, NotAllowedIsTriedAgainNotGivenUp) {
  Start();
  ListFails(FailureOf(Error(ErrorCode::kPermissionDenied, "forbidden")));
  EXPECT_FALSE(IsWatch());
  Page("100");
  WatchFails(FailureOf(UnauthenticatedError("token expired")));
  EXPECT_TRUE(IsWatch());
}

TEST_F(ReflectorStateTest, WhatIsNoEventEndsTheWatchAndLeavesTheVersion) {
  for (const json& nonsense : std::vector<json>{json("text"),
                                                json::array(),
                                                json::object(),
                                                {{"type", 7}},
                                                {{"type", "ADDED"}},
                                                {{"type", "ADDED"}, {"object", 3}},
                                                {{"type", "ADDED"}, {"object", {{"metadata", {{"name", "a"}}}}}},
                                                {{"type", "ERROR"}},
                                                {{"type", "ERROR"}, {"object", "text"}}}) {
    StartWatching();
    BeginWatch();
    const EventResult result = state_->OnEvent(nonsense);
    EXPECT_EQ(result.effect, EventEffect::kEnd) << nonsense;
    WatchEnds(result.failure, seconds(1));
    ASSERT_TRUE(IsWatch()) << nonsense;
    EXPECT_EQ(watch().resource_version, "100");
    EXPECT_GE(step_.delay, milliseconds(800));
  }
}

TEST_F(ReflectorStateTest, AnEventOfAnUnknownTypeChangesNothingButTheVersion) {
  StartWatching();
  BeginWatch();
  EXPECT_EQ(Take(Event("RENAMED", "130")), EventEffect::kNone);
  EXPECT_EQ(state_->resource_version(), "130");
}

TEST_F(ReflectorStateTest, EverythingIsListedAgainAboutEveryTenMinutes) {
  StartWatching();
  const SteadyTime listed = now_;
  BeginWatch();
  const Duration first = watch().timeout;
  WatchEnds(std::nullopt, first);
  ASSERT_TRUE(IsWatch());
  BeginWatch();
  WatchEnds(std::nullopt, watch().timeout);
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().reason, ListReason::kPeriodic);
  EXPECT_EQ(list().resource_version, "") << "a lost event may be missing from a cache too";
  EXPECT_NEAR(ToSeconds(now_ - listed), 600, 6);
}

TEST_F(ReflectorStateTest, APeriodicListThatFailsLeavesTheWatchGoing) {
  StartWatching();
  BeginWatch();
  Take(Event("MODIFIED", "140"));
  WatchEnds(std::nullopt, minutes(11));
  ASSERT_FALSE(IsWatch());
  ListFails(Refused());
  ASSERT_TRUE(IsWatch());
  EXPECT_EQ(watch().resource_version, "140");
  EXPECT_LE(watch().timeout, minutes(3)) << "and is tried again before long";
  BeginWatch();
  WatchEnds(std::nullopt, watch().timeout);
  ASSERT_FALSE(IsWatch());
  EXPECT_EQ(list().reason, ListReason::kPeriodic);
}

TEST_F(ReflectorStateTest, EveryReasonHasANameOfItsOwn) {
  EXPECT_EQ(ListReasonName(ListReason::kFirst), "first");
  EXPECT_EQ(ListReasonName(ListReason::kPeriodic), "periodic");
  EXPECT_EQ(ListReasonName(ListReason::kExpired), "expired");
  EXPECT_EQ(ListReasonName(ListReason::kError), "error");
  EXPECT_EQ(WatchEndName(WatchEnd::kTimeout), "timeout");
  EXPECT_EQ(WatchEndName(WatchEnd::kGone), "gone");
  EXPECT_EQ(WatchEndName(WatchEnd::kThrottled), "throttled");
  EXPECT_EQ(WatchEndName(WatchEnd::kShort), "short");
  EXPECT_EQ(WatchEndName(WatchEnd::kQuiet), "quiet");
  EXPECT_EQ(WatchEndName(WatchEnd::kError), "error");
}

// What a server may answer to a list and to a watch, without a moment's work.
ReflectorStep AnswerAtOnce(ReflectorState& state, const ReflectorStep& step, SteadyTime now, Random& random) {
  const std::vector<Failure> failures = {Expired(), Refused(), Throttled(), {Failure::Kind::kRejected, {}}};
  const Failure& failure = failures[random.NextBelow(failures.size())];
  const bool fails = random.NextBelow(2) == 0;
  if (std::holds_alternative<ListStep>(step.request)) {
    return fails ? state.OnListFailed(failure, now) : state.OnPage("100", "", now);
  }
  state.OnWatchBegun(now);
  if (random.NextBelow(3) == 0) state.OnEvent(Event("BOOKMARK", "101"));
  return state.OnWatchEnded(fails ? std::optional(failure) : std::nullopt, now);
}

TEST(ReflectorStateProperty, WhateverAServerAnswersAtOnceItIsNotFlooded) {
  constexpr int kRequests = 300;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed, {HashName("reflector"), 0});
    ReflectorState state({}, random);
    const SteadyTime start{std::chrono::hours(1)};
    SteadyTime now = start;
    ReflectorStep step = state.Begin();
    for (int i = 0; i < kRequests; ++i) {
      now += step.delay;
      step = AnswerAtOnce(state, step, now, random);
    }
    EXPECT_GT(now - start, kRequests * milliseconds(100)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace eoa::kube
