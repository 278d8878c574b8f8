// LeaderElection: of all processes that use the same Lease, at most one leads most of the time.
//
// The rules are client-go's (tools/leaderelection): a holder renews the Lease every `retry_period`; one that could not
// for `renew_deadline` leads no more; another takes over when it has seen the record unchanged for the lease's duration
// by its own clock. Clocks are never compared between machines. This is no fence: for a moment two may believe to lead,
// so every write must be guarded by the resource's own version.
//
// The client should be the election's own, without a rate limiter: a Lease must not wait behind other requests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "operator/kube/api_client.h"

namespace eoa::kube {

struct LeaderElectionOptions {
  ObjectKey lease;
  std::string identity;  // unique for each process
  Duration lease_duration = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry_period = std::chrono::seconds(2);
};

// InvalidArgument unless lease_duration > renew_deadline > 1.2 retry_period > 0, in whole seconds, and the names are
// there.
Status CheckLeaderElection(const LeaderElectionOptions& options);

// What a process knows of the Lease, and what follows. A value; pure.
class LeaseState {
 public:
  explicit LeaseState(LeaderElectionOptions options) : options_(std::move(options)) {}

  // The Lease as the server has it now; nothing: there is none.
  void Observe(std::optional<nlohmann::json> lease, SteadyTime now);

  // True when this process may write itself into the Lease: it is the holder, nobody is, or the holder is silent.
  bool MayAcquire(SteadyTime now) const;

  // The Lease to write: created when nothing was observed, else replacing the observed version.
  nlohmann::json Claim(WallTime wall) const;
  nlohmann::json Release(WallTime wall) const;

  bool held_by_us() const { return holder_ == options_.identity; }
  bool exists() const { return lease_.has_value(); }
  const std::string& holder() const { return holder_; }

  // How often the Lease has changed hands.
  std::int64_t transitions() const;

 private:
  LeaderElectionOptions options_;
  std::optional<nlohmann::json> lease_;
  std::string holder_;
  Duration duration_{};      // that the holder asked for
  SteadyTime changed_at_{};  // when this process last saw the record change
};

struct LeaderElectionStats {
  bool leads = false;
  std::string holder;
  std::int64_t transitions = 0;  // of the Lease, by whomever
  std::uint64_t slow_paths = 0;  // renewals that had to read the Lease first
  std::uint64_t failures = 0;    // requests that failed
};

// Thread-safety: every method from any thread.
class LeaderElection {
 public:
  // Both run on the election's thread and must not block. `on_lost` follows `on_started` unless the process stops;
  // after it the process should end.
  struct Callbacks {
    std::function<void()> on_started;
    std::function<void(const std::string& reason)> on_lost;
  };

  // `client` and `clock` outlive it; `options` are as CheckLeaderElection wants them.
  LeaderElection(LeaderElectionOptions options, ApiClient& client, Clock& clock, std::unique_ptr<Random> random,
                 Callbacks callbacks);

  // Stop(false).
  ~LeaderElection();

  void Start();

  // Ends the thread. With `release`, a held Lease is given up at once, so that another process need not wait for its
  // end. Only when nothing that needs leadership runs any more.
  void Stop(bool release);

  // False from the renew deadline on, also when the thread has had no time to notice.
  bool leads() const;
  LeaderElectionStats stats() const;

 private:
  void Run();
  void Lead();
  bool Try();
  bool Fetch();
  bool Write(const nlohmann::json& lease);
  bool Pause(Duration delay);
  void SetLeads(bool leads, SteadyTime until = {});
  CallOptions Patience() const;
  void Note(bool failed);

  const LeaderElectionOptions options_;
  ApiClient& client_;
  Clock& clock_;
  const std::unique_ptr<Random> random_;
  const Callbacks callbacks_;
  LeaseState state_;         // the thread's own, as is the next
  SteadyTime give_up_at_{};  // of a round, and when it began
  SteadyTime claimed_at_{};
  mutable Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  SteadyTime leads_until_ GUARDED_BY(mutex_){};
  LeaderElectionStats stats_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace eoa::kube
