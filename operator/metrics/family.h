// Families of metrics as values: what the collectors of this folder build their answers from. Private to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

namespace eoa::metrics {

using Labels = std::vector<std::pair<std::string_view, std::string>>;
using Families = std::vector<prometheus::MetricFamily>;

prometheus::MetricFamily Counter(std::string name, std::string help);
prometheus::MetricFamily Gauge(std::string name, std::string help);
prometheus::MetricFamily Histogram(std::string name, std::string help);

// A sample of a counter or a gauge. Bytes that are no UTF-8 in a label's value become '?'.
void Add(prometheus::MetricFamily& family, const Labels& labels, double value);
void Add(prometheus::MetricFamily& family, const Labels& labels, std::uint64_t value);

// `counts` are by bucket, not cumulative; one more than `bounds`, which are upper bounds, inclusive. A bucket that is
// missing counts as empty.
void AddHistogram(prometheus::MetricFamily& family, const Labels& labels, std::span<const double> bounds,
                  std::span<const std::uint64_t> counts, double sum);

}  // namespace eoa::metrics
