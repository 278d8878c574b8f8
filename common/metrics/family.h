// Families of metrics as values, and the text that Prometheus reads: what the operator's and the trainers' /metrics are
// made of. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "common/base/histogram.h"

namespace eoa::metrics {

using Labels = std::vector<std::pair<std::string_view, std::string>>;
using Families = std::vector<prometheus::MetricFamily>;

prometheus::MetricFamily Counter(std::string name, std::string help);
prometheus::MetricFamily Gauge(std::string name, std::string help);
prometheus::MetricFamily Histogram(std::string name, std::string help);

// A sample of a counter or a gauge. Bytes that are no UTF-8 in a label's value become '?'.
void Add(prometheus::MetricFamily& family, const Labels& labels, double value);
void Add(prometheus::MetricFamily& family, const Labels& labels, std::uint64_t value);

// One of a histogram.
void Add(prometheus::MetricFamily& family, const Labels& labels, const eoa::Histogram& values);

// One scrape: Prometheus' text format, version 0.0.4. Families without a sample are left out.
std::string Text(Families families);
inline constexpr const char* kTextType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace eoa::metrics
