#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "operator/metrics/families.h"

namespace eoa::metrics {
namespace {

constexpr std::uint64_t kMaxProcBytes = 1U << 20;

// Field `index` of a line of numbers separated by spaces; nothing if it is not there.
std::optional<double> Field(std::string_view line, int index) {
  for (int i = 0; i < index; ++i) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    line.remove_prefix(space + 1);
  }
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (fault != std::errc()) return std::nullopt;
  return static_cast<double>(value);
}

// When the machine started, as seconds since 1970.
std::optional<double> BootTime(std::string_view stat) {
  const std::size_t at = stat.find("\nbtime ");
  if (at == std::string_view::npos) return std::nullopt;
  return Field(stat.substr(at + 1), 1);
}

void AddFamily(Families& families, prometheus::MetricFamily family, std::optional<double> value) {
  if (!value) return;
  Add(family, {}, *value);
  families.push_back(std::move(family));
}

void AddStat(Families& families, FileSystem& files, const std::string& proc) {
  const Result<std::string> stat = files.ReadFile(proc + "/stat", kMaxProcBytes);
  if (!stat.ok()) return;
  // The second field is the program's name in parentheses, which may hold anything: proc(5). What follows the last
  // parenthesis is field 3 on.
  const std::size_t name_end = stat->rfind(") ");
  if (name_end == std::string::npos) return;
  const std::string_view fields = std::string_view(*stat).substr(name_end + 2);
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const std::optional<double> user = Field(fields, 11);
  const std::optional<double> system = Field(fields, 12);
  if (user && system) {
    AddFamily(families, Counter("process_cpu_seconds_total", "CPU time of this process, user and system."),
              (*user + *system) / ticks);
  }
  const Result<std::string> machine = files.ReadFile(proc + "/../stat", kMaxProcBytes);
  const std::optional<double> boot = machine.ok() ? BootTime(*machine) : std::nullopt;
  const std::optional<double> started = Field(fields, 19);
  if (boot && started) {
    AddFamily(families, Gauge("process_start_time_seconds", "When this process started, in seconds since 1970."),
              *boot + *started / ticks);
  }
  AddFamily(families, Gauge("process_virtual_memory_bytes", "Address space of this process."), Field(fields, 20));
  if (const std::optional<double> pages = Field(fields, 21)) {
    AddFamily(families, Gauge("process_resident_memory_bytes", "Memory of this process that is in RAM."),
              *pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
  AddFamily(families, Gauge("process_threads", "Threads of this process."), Field(fields, 17));
}

}  // namespace

Families ProcessFamilies(FileSystem& files, const std::string& proc) {
  Families families;
  AddStat(families, files, proc);
  if (const Result<std::vector<std::string>> open = files.ListDirectory(proc + "/fd"); open.ok()) {
    AddFamily(families, Gauge("process_open_fds", "Open file descriptors."), static_cast<double>(open->size()));
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    AddFamily(families, Gauge("process_max_fds", "How many file descriptors may be open."),
              static_cast<double>(limit.rlim_cur));
  }
  const struct mallinfo2 heap = mallinfo2();
  prometheus::MetricFamily bytes = Gauge("eoa_operator_heap_bytes", "Heap of this process, by state.");
  Add(bytes, {{"state", "used"}}, static_cast<double>(heap.uordblks + heap.hblkhd));
  Add(bytes, {{"state", "free"}}, static_cast<double>(heap.fordblks));
  families.push_back(std::move(bytes));
  return families;
}

}  // namespace eoa::metrics
