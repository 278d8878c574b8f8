#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/metrics/families.h"

namespace eoa::metrics {
namespace {

std::map<std::string, double> Values(const Families& families) {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : families) {
    const prometheus::ClientMetric& metric = family.metric.at(0);
    values[family.name] = family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
  }
  return values;
}

TEST(ProcessMetrics, OfThisProcessAreWhatTheSystemSays) {
  std::map<std::string, double> values = Values(ProcessFamilies(RealFileSystem()));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
  EXPECT_NEAR(values["process_cpu_seconds_total"], cpu, 0.05);
  EXPECT_GT(values["process_resident_memory_bytes"], 1e6);
  EXPECT_LE(values["process_resident_memory_bytes"], static_cast<double>(usage.ru_maxrss) * 1024 + 1e6);
  EXPECT_GT(values["process_virtual_memory_bytes"], values["process_resident_memory_bytes"]);
  EXPECT_GE(values["process_threads"], 1);
  EXPECT_GE(values["process_max_fds"], values["process_open_fds"]);
  const double now = ToSeconds(RealClock().Now().time_since_epoch());
  EXPECT_LE(values["process_start_time_seconds"], now + 1);
  EXPECT_GT(values["process_start_time_seconds"], now - 3600);
}

TEST(ProcessMetrics, CountOpenFiles) {
  const double before = Values(ProcessFamilies(RealFileSystem()))["process_open_fds"];
  const std::ifstream one("/proc/self/status");
  const std::ifstream two("/proc/self/status");
  EXPECT_EQ(Values(ProcessFamilies(RealFileSystem()))["process_open_fds"], before + 2);
}

class FakeProc : public testing::Test {
 protected:
  FakeProc() {
    std::string pattern = (std::filesystem::temp_directory_path() / "eoa-proc-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    std::filesystem::create_directory(root_ / "7");
  }
  ~FakeProc() override { std::filesystem::remove_all(root_); }

  std::map<std::string, double> Read(const std::string& stat) {
    std::ofstream(root_ / "7" / "stat") << stat;
    std::ofstream(root_ / "stat") << "cpu 1 2 3\nbtime 1000\nprocesses 9\n";
    return Values(ProcessFamilies(RealFileSystem(), (root_ / "7").string()));
  }

  std::filesystem::path root_;
};

TEST_F(FakeProc, AProgramNamedLikeFieldsIsReadRight) {
  const long ticks = sysconf(_SC_CLK_TCK);
  std::map<std::string, double> values =
      Read("7 (a) R 1 (b) S 1 7 7 0 -1 0 0 0 0 0 " + std::to_string(3 * ticks) + " " + std::to_string(ticks) +
           " 0 0 20 0 5 0 " + std::to_string(8 * ticks) + " 4096000 250 0\n");
  EXPECT_EQ(values["process_cpu_seconds_total"], 4);
  EXPECT_EQ(values["process_threads"], 5);
  EXPECT_EQ(values["process_start_time_seconds"], 1008);
  EXPECT_EQ(values["process_virtual_memory_bytes"], 4096000);
  EXPECT_EQ(values["process_resident_memory_bytes"], 250.0 * static_cast<double>(sysconf(_SC_PAGESIZE)));
}

TEST_F(FakeProc, WhatCannotBeReadIsLeftOut) {
  for (const char* torn : {"", "7", "7 (a) ", "7 (a) S 1 7", ") ) )"}) {
    const std::map<std::string, double> values = Read(torn);
    EXPECT_FALSE(values.contains("process_cpu_seconds_total")) << torn;
    EXPECT_FALSE(values.contains("process_resident_memory_bytes")) << torn;
    EXPECT_TRUE(values.contains("process_max_fds")) << torn;
  }
}

}  // namespace
}  // namespace eoa::metrics
