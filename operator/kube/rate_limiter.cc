#include "operator/kube/rate_limiter.h"

#include <algorithm>

namespace eoa::kube {

Duration RateLimiter::Take(SteadyTime now) {
  if (per_second_ <= 0) return {};
  const MutexLock lock(mutex_);
  if (started_) tokens_ = std::min(burst_, tokens_ + ToSeconds(now - filled_) * per_second_);
  started_ = true;
  filled_ = now;
  tokens_ -= 1;
  return tokens_ >= 0 ? Duration::zero() : FromSeconds(-tokens_ / per_second_);
}

}  // namespace eoa::kube
