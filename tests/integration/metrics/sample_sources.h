// SampleSources: the numbers of an operator with two jobs that train, one that has failed and one that waits, for tests
// of what is made of them. Every counter grows with `tick`.
#pragma once

#include "common/base/clock.h"
#include "operator/metrics/metrics_server.h"

namespace eoa::metrics {

// `tick` is asked at every scrape; `now` is the time that the jobs' times are told by.
MetricsSources SampleSources(std::function<std::uint64_t()> tick, std::function<WallTime()> now);

}  // namespace eoa::metrics
