#include "common/base/program_path.h"

#include <filesystem>
#include <system_error>

namespace eoa {

std::string BesideThisProgram(const std::string& given, const char* name) {
  if (!given.empty()) return given;
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? name : (self.parent_path() / name).string();
}

}  // namespace eoa
