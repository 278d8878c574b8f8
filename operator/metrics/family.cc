#include "operator/metrics/family.h"

#include <limits>

namespace eoa::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Make(std::string name, std::string help, MetricType type) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}

// How many bytes the UTF-8 sequence at `at` has; 0: it is none.
std::size_t SequenceLength(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(at + 1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool outside = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || outside ? 0 : length;
}

// Prometheus refuses a whole scrape for one wrong byte.
std::string Utf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = SequenceLength(text, i);
    if (length == 0) {
      clean += '?';
      ++i;
    } else {
      clean += text.substr(i, length);
      i += length;
    }
  }
  return clean;
}

ClientMetric& Sample(MetricFamily& family, const Labels& labels) {
  ClientMetric& metric = family.metric.emplace_back();
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels) metric.label.push_back({std::string(name), Utf8(value)});
  return metric;
}

}  // namespace

MetricFamily Counter(std::string name, std::string help) {
  return Make(std::move(name), std::move(help), MetricType::Counter);
}
MetricFamily Gauge(std::string name, std::string help) {
  return Make(std::move(name), std::move(help), MetricType::Gauge);
}
MetricFamily Histogram(std::string name, std::string help) {
  return Make(std::move(name), std::move(help), MetricType::Histogram);
}

void Add(MetricFamily& family, const Labels& labels, double value) {
  ClientMetric& metric = Sample(family, labels);
  if (family.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

void Add(MetricFamily& family, const Labels& labels, std::uint64_t value) {
  Add(family, labels, static_cast<double>(value));
}

void AddHistogram(MetricFamily& family, const Labels& labels, std::span<const double> bounds,
                  std::span<const std::uint64_t> counts, double sum) {
  prometheus::ClientMetric::Histogram& histogram = Sample(family, labels).histogram;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    if (i < counts.size()) cumulative += counts[i];
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({cumulative, bound});
  }
  histogram.sample_count = cumulative;
  histogram.sample_sum = sum;
}

}  // namespace eoa::metrics
