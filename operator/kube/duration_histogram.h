// DurationHistogram: how often something took how long, as plain values; operator/metrics renders it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/clock.h"

namespace eoa::kube {

// The buckets of client-go's work-queue metrics: 10 ns, 100 ns, ... 1000 s, and what is above. Thread-safety: none.
struct DurationHistogram {
  static constexpr std::size_t kBounds = 12;

  std::array<std::uint64_t, kBounds + 1> counts{};  // by bucket, not cumulative; the last one is above every bound
  Duration sum{};

  // The upper bound, inclusive, of bucket `index` < kBounds.
  static constexpr Duration Bound(std::size_t index) {
    Duration bound(10);
    for (std::size_t i = 0; i < index; ++i) bound *= 10;
    return bound;
  }

  // A negative duration counts as zero.
  void Observe(Duration duration) {
    if (duration < Duration::zero()) duration = Duration::zero();
    std::size_t index = 0;
    while (index < kBounds && duration > Bound(index)) ++index;
    ++counts[index];
    sum += duration;
  }

  std::uint64_t count() const {
    std::uint64_t total = 0;
    for (const std::uint64_t bucket : counts) total += bucket;
    return total;
  }
};

}  // namespace eoa::kube
