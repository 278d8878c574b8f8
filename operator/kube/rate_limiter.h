// RateLimiter: a token bucket. Requests beyond the rate wait their turn, so that the API server need not refuse them.
#pragma once

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace eoa::kube {

// Thread-safety: every method from any thread.
class RateLimiter {
 public:
  // `per_second` requests on average, `burst` at once; per_second 0: no limit.
  RateLimiter(double per_second, int burst) : per_second_(per_second), tokens_(burst), burst_(burst) {}

  // Takes a token, perhaps one of the future: how long the caller must wait for it.
  Duration Take(SteadyTime now);

 private:
  const double per_second_;
  Mutex mutex_;
  double tokens_ GUARDED_BY(mutex_);  // negative: promised to those who wait
  const double burst_;
  SteadyTime filled_ GUARDED_BY(mutex_){};
  bool started_ GUARDED_BY(mutex_) = false;
};

}  // namespace eoa::kube
