// Backoff: how long to wait before trying again. Pure: time and chance are arguments. The rules are those of client-go
// (tools/cache/reflector.go for one server, util/workqueue/default_rate_limiters.go for many keys).
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "operator/kube/resource_type.h"

namespace eoa::kube {

struct BackoffOptions {
  Duration initial = std::chrono::milliseconds(800);
  double factor = 2;
  Duration limit = std::chrono::seconds(30);       // of the delay before jitter
  double jitter = 1;                               // a delay d becomes one in [d, d * (1 + jitter))
  Duration reset_after = std::chrono::minutes(2);  // without a failure for so long, the next one is the first again
};

// Delays towards one server. Thread-safety: none.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options) : options_(options) {}

  // The delay after a failure at `now`.
  Duration Next(SteadyTime now, Random& random);
  void Reset() { last_.reset(); }

 private:
  BackoffOptions options_;
  Duration delay_{};
  std::optional<SteadyTime> last_;
};

struct KeyBackoffOptions {
  Duration initial = std::chrono::milliseconds(5);
  double factor = 2;
  Duration limit = std::chrono::minutes(5);
};

// Delays for each key by itself, without jitter: the keys fail at moments of their own. Memory: one entry for each key
// that failed and was not forgotten. Thread-safety: none.
class KeyBackoff {
 public:
  explicit KeyBackoff(const KeyBackoffOptions& options) : options_(options) {}

  // The delay after one more failure of `key`.
  Duration Next(const ObjectKey& key);
  void Forget(const ObjectKey& key) { failures_.erase(key); }
  int failures(const ObjectKey& key) const;
  std::size_t size() const { return failures_.size(); }

 private:
  KeyBackoffOptions options_;
  std::unordered_map<ObjectKey, int> failures_;
};

}  // namespace eoa::kube
