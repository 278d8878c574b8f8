#include "operator/kube/backoff.h"

#include <algorithm>

namespace eoa::kube {

Duration Backoff::Next(SteadyTime now, Random& random) {
  const bool first = !last_ || now - *last_ >= options_.reset_after;
  delay_ = first ? options_.initial : FromSeconds(ToSeconds(delay_) * options_.factor);
  delay_ = std::min(delay_, options_.limit);
  last_ = now;
  return delay_ + FromSeconds(ToSeconds(delay_) * options_.jitter * random.NextUniform());
}

Duration KeyBackoff::Next(const ObjectKey& key) {
  const int failed_before = failures_[key]++;
  double seconds = ToSeconds(options_.initial);
  const double limit = ToSeconds(options_.limit);
  for (int i = 0; i < failed_before && seconds < limit; ++i) seconds *= options_.factor;
  return std::min(FromSeconds(seconds), options_.limit);
}

int KeyBackoff::failures(const ObjectKey& key) const {
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

}  // namespace eoa::kube
