// Serves SampleSources for metrics_test.py: prints its port and runs until its standard input ends.

#include <atomic>
#include <iostream>
#include <string>

#include "tests/integration/metrics/sample_sources.h"

int main() {
  std::atomic<std::uint64_t> tick{0};
  eoa::metrics::MetricsSources sources =
      eoa::metrics::SampleSources([&tick] { return tick.load(); }, [] { return eoa::RealClock().Now(); });
  // The first part that every scrape asks: time goes on from scrape to scrape.
  sources.reconcile = [&tick, ask = sources.reconcile] {
    ++tick;
    return ask();
  };
  const auto server =
      eoa::metrics::MetricsServer::Start({}, std::move(sources), eoa::RealClock(), eoa::RealFileSystem());
  if (!server.ok()) {
    std::cerr << server.error().message() << "\n";
    return 1;
  }
  std::cout << (*server)->port() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  return 0;
}
