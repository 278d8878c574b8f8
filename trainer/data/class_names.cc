#include "trainer/data/class_names.h"

#include <algorithm>
#include <string_view>

#include "common/base/file_system.h"

namespace eoa::train {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 20;

}  // namespace

std::vector<std::string> NumberedClasses(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back("class " + std::to_string(i));
  return names;
}

Result<std::vector<std::string>> ReadClassNames(const std::string& path, int count) {
  if (!RealFileSystem().Exists(path)) return NumberedClasses(count);
  EOA_ASSIGN_OR_RETURN(const std::string text, RealFileSystem().ReadFile(path, kMaxFileBytes));
  std::vector<std::string> names;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) names.emplace_back(line);
  }
  if (names.size() > kMaxClasses || (count > 0 && names.size() != static_cast<std::size_t>(count))) {
    return DataLossError(path + " names " + std::to_string(names.size()) + " classes, one in each line; expected " +
                         (count > 0 ? std::to_string(count) : "at most " + std::to_string(kMaxClasses)));
  }
  return names;
}

}  // namespace eoa::train
