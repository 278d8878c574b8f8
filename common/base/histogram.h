// Histogram: how often a value lay between which bounds, for metrics. A plain value: copied, summed, and rendered by
// whoever shows it.
//
//   static constexpr std::array bounds = {0.1, 1.0, 10.0};
//   Histogram seconds(bounds);
//   seconds.Observe(0.3);  // counts() is {0, 1, 0, 0}, sum() is 0.3
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace eoa {

// Thread-safety: none.
class Histogram {
 public:
  // `bounds` are inclusive upper bounds, ascending; a constant, since every copy refers to them. Without any, only sum
  // and count are known.
  explicit Histogram(std::span<const double> bounds = {}) : bounds_(bounds), counts_(bounds.size() + 1) {}

  void Observe(double value) {
    ++counts_[static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin())];
    sum_ += value;
  }

  // Adds what `other`, of the same bounds, has seen.
  void Add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    sum_ += other.sum_;
  }

  std::span<const double> bounds() const { return bounds_; }

  // By bucket, not cumulative; one more than bounds: the last one is above them all.
  std::span<const std::uint64_t> counts() const { return counts_; }
  std::uint64_t count() const { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }
  double sum() const { return sum_; }

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

}  // namespace eoa
