#include "trainer/agent/memory_kills.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace eoa::agent {
namespace {

constexpr std::string_view kField = "oom_kill ";
constexpr std::size_t kMaxFileBytes = 4096;

}  // namespace

std::int64_t CountMemoryKills(FileSystem& files, const std::string& cgroups) {
  for (const char* name : {"/memory.events", "/memory/memory.oom_control"}) {
    const Result<std::string> text = files.ReadFile(cgroups + name, kMaxFileBytes);
    if (!text.ok()) continue;
    std::string_view rest = *text;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      std::int64_t count = 0;
      if (line.starts_with(kField) &&
          std::from_chars(line.data() + kField.size(), line.data() + line.size(), count).ec == std::errc{}) {
        return count;
      }
    }
  }
  return 0;
}

}  // namespace eoa::agent
