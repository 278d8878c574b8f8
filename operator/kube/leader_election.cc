#include "operator/kube/leader_election.h"

#include <algorithm>
#include <utility>

#include "common/base/json_access.h"
#include "common/base/log.h"
#include "common/base/timestamp.h"

namespace eoa::kube {
namespace {

using nlohmann::json;

constexpr double kJitter = 1.2;
constexpr int kMicroseconds = 6;

const json& SpecOf(const json& lease) {
  static const json kEmpty = json::object();
  const auto spec = lease.find("spec");
  return spec != lease.end() && spec->is_object() ? *spec : kEmpty;
}

}  // namespace

Status CheckLeaderElection(const LeaderElectionOptions& options) {
  if (options.lease.name.empty() || options.lease.name_space.empty()) {
    return InvalidArgumentError("leader election needs the name and the namespace of a Lease");
  }
  if (options.identity.empty()) return InvalidArgumentError("leader election needs an identity");
  if (options.lease_duration < std::chrono::seconds(1) || options.lease_duration <= options.renew_deadline) {
    return InvalidArgumentError("the lease's duration must be longer than the renew deadline, and at least 1 s");
  }
  if (ToSeconds(options.renew_deadline) <= kJitter * ToSeconds(options.retry_period)) {
    return InvalidArgumentError("the renew deadline must be longer than 1.2 times the retry period");
  }
  if (options.retry_period <= Duration::zero()) return InvalidArgumentError("the retry period must be positive");
  return OkStatus();
}

void LeaseState::Observe(std::optional<json> lease, SteadyTime now) {
  const json spec = lease ? SpecOf(*lease) : json::object();
  const bool changed = !lease_ != !lease || (lease && SpecOf(*lease_) != spec);
  holder_ = TextAt(spec, "holderIdentity");
  duration_ = std::chrono::seconds(IntegerAt(spec, "leaseDurationSeconds"));
  if (changed) changed_at_ = now;
  lease_ = std::move(lease);
}

bool LeaseState::MayAcquire(SteadyTime now) const {
  if (holder_.empty() || held_by_us()) return true;
  return now - changed_at_ >= duration_;
}

std::int64_t LeaseState::transitions() const { return lease_ ? IntegerAt(SpecOf(*lease_), "leaseTransitions") : 0; }

json LeaseState::Claim(WallTime wall) const {
  json lease = lease_ ? *lease_
                      : json{{"apiVersion", ApiVersionOf(kLeases)},
                             {"kind", kLeases.kind},
                             {"metadata", {{"name", options_.lease.name}, {"namespace", options_.lease.name_space}}}};
  const json old = SpecOf(lease);
  const std::string now = FormatTimestamp(wall, kMicroseconds);
  const std::int64_t transitions = IntegerAt(old, "leaseTransitions");
  lease["spec"] = {
      {"holderIdentity", options_.identity},
      {"leaseDurationSeconds", std::chrono::duration_cast<std::chrono::seconds>(options_.lease_duration).count()},
      {"acquireTime", held_by_us() && old.contains("acquireTime") ? TextAt(old, "acquireTime") : now},
      {"renewTime", now},
      {"leaseTransitions", held_by_us() || !lease_ ? transitions : transitions + 1}};
  return lease;
}

json LeaseState::Release(WallTime wall) const {
  json lease = Claim(wall);
  lease["spec"].erase("holderIdentity");
  lease["spec"]["leaseDurationSeconds"] = 1;
  return lease;
}

LeaderElection::LeaderElection(LeaderElectionOptions options, ApiClient& client, Clock& clock,
                               std::unique_ptr<Random> random, Callbacks callbacks)
    : options_(options),
      client_(client),
      clock_(clock),
      random_(std::move(random)),
      callbacks_(std::move(callbacks)),
      state_(std::move(options)) {}

LeaderElection::~LeaderElection() { Stop(false); }

void LeaderElection::Start() {
  thread_ = std::thread([this] { Run(); });
}

void LeaderElection::Stop(bool release) {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (!thread_.joinable()) return;
  thread_.join();
  const bool held = leads();
  SetLeads(false);
  if (!release || !held) return;
  give_up_at_ = clock_.SteadyNow() + options_.renew_deadline;
  // A write whose answer was lost has moved the version.
  if (!Write(state_.Release(clock_.Now())) && Fetch() && state_.held_by_us()) Write(state_.Release(clock_.Now()));
}

bool LeaderElection::leads() const {
  const MutexLock lock(mutex_);
  return stats_.leads && clock_.SteadyNow() < leads_until_;
}

LeaderElectionStats LeaderElection::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void LeaderElection::SetLeads(bool leads, SteadyTime until) {
  const MutexLock lock(mutex_);
  leads_until_ = until;
  stats_.leads = leads;
}

bool LeaderElection::Pause(Duration delay) {
  MutexLock lock(mutex_);
  return !wake_.WaitFor(mutex_, delay, [this]() REQUIRES(mutex_) { return stopping_; });
}

void LeaderElection::Run() {
  std::string last_holder;
  for (;;) {
    give_up_at_ = clock_.SteadyNow() + options_.renew_deadline;
    // What counts is when the claim was sent: others count from when it arrived.
    claimed_at_ = clock_.SteadyNow();
    if (Try()) break;
    if (state_.holder() != last_holder && !state_.holder().empty()) {
      last_holder = state_.holder();
      Log(LogLevel::kInfo, "another process leads", {{"holder", last_holder}});
    }
    const double jitter = 1 + (kJitter - 1) * random_->NextUniform();
    if (!Pause(FromSeconds(ToSeconds(options_.retry_period) * jitter))) return;
  }
  SetLeads(true, claimed_at_ + options_.renew_deadline);
  Log(LogLevel::kInfo, "this process leads", {{"lease", ToString(options_.lease)}, {"identity", options_.identity}});
  callbacks_.on_started();
  Lead();
}

void LeaderElection::Lead() {
  SteadyTime renewed = claimed_at_;
  Duration pause = options_.retry_period;
  while (Pause(pause)) {
    const SteadyTime begin = clock_.SteadyNow();
    give_up_at_ = renewed + options_.renew_deadline;
    const bool ours = begin < give_up_at_ && Try();
    const SteadyTime now = clock_.SteadyNow();
    if (ours && now < give_up_at_) {
      renewed = begin;
      SetLeads(true, renewed + options_.renew_deadline);
      pause = options_.retry_period;
      continue;
    }
    const bool taken = state_.exists() && !state_.held_by_us() && !state_.holder().empty();
    if (!taken && now < give_up_at_) {
      pause = std::min(options_.retry_period, give_up_at_ - now);
      continue;
    }
    SetLeads(false);
    callbacks_.on_lost(taken ? state_.holder() + " has taken the Lease" : "the Lease could not be renewed in time");
    return;
  }
}

// One round: true when the Lease is ours afterwards.
bool LeaderElection::Try() {
  const bool fast = state_.exists() && state_.held_by_us();
  if (fast && Write(state_.Claim(clock_.Now()))) return true;
  if (fast) {
    const MutexLock lock(mutex_);
    ++stats_.slow_paths;
  }
  if (!Fetch()) return false;
  if (!state_.MayAcquire(clock_.SteadyNow())) return false;
  return Write(state_.Claim(clock_.Now()));
}

// Half of what a holder has, so that a request that hangs leaves time for a second one, and no more than what is left.
CallOptions LeaderElection::Patience() const {
  const Duration left = give_up_at_ - clock_.SteadyNow();
  return {.timeout = std::max<Duration>(std::min(left, options_.renew_deadline / 2), std::chrono::milliseconds(1))};
}

void LeaderElection::Note(bool failed) {
  const MutexLock lock(mutex_);
  if (failed) {
    ++stats_.failures;
    return;
  }
  stats_.holder = state_.holder();
  stats_.transitions = state_.transitions();
}

bool LeaderElection::Fetch() {
  Result<json> lease = client_.Get(kLeases, options_.lease, Patience());
  const bool absent = !lease.ok() && lease.error().code() == ErrorCode::kNotFound;
  const bool failed = !lease.ok() && !absent;
  if (failed) {
    Log(LogLevel::kWarning, "the Lease cannot be read", {{"error", lease.error().ToString()}});
  } else {
    state_.Observe(absent ? std::nullopt : std::optional<json>(*std::move(lease)), clock_.SteadyNow());
  }
  Note(failed);
  return !failed;
}

bool LeaderElection::Write(const json& lease) {
  Result<json> written = state_.exists() ? client_.Update(kLeases, lease, "", Patience())
                                         : client_.Create(kLeases, lease, {.timeout = Patience().timeout});
  if (written.ok()) {
    state_.Observe(*std::move(written), clock_.SteadyNow());
  } else if (const ErrorCode code = written.error().code();
             code != ErrorCode::kAborted && code != ErrorCode::kAlreadyExists) {
    Log(LogLevel::kWarning, "the Lease cannot be written", {{"error", written.error().ToString()}});
  }
  Note(!written.ok());
  return written.ok();
}

}  // namespace eoa::kube
