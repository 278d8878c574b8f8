#include "common/metrics/family.h"

#include <algorithm>
#include <limits>

#include <prometheus/text_serializer.h>

#include "common/base/utf8.h"

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

// Prometheus refuses a whole scrape for one wrong byte.
std::string Utf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    clean += length == 0 ? "?" : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
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

void Add(MetricFamily& family, const Labels& labels, const eoa::Histogram& values) {
  ClientMetric::Histogram& histogram = Sample(family, labels).histogram;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < values.counts().size(); ++i) {
    cumulative += values.counts()[i];
    const double bound = i < values.bounds().size() ? values.bounds()[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({cumulative, bound});
  }
  histogram.sample_count = cumulative;
  histogram.sample_sum = values.sum();
}

std::string Text(Families families) {
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace eoa::metrics
