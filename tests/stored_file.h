// Files of tests/data/stored: journals, records, ConfigMaps and lines as version 0.1 wrote them, which every later
// version must read.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "common/base/file_system.h"

namespace eoa {

inline std::string StoredFile(const std::string& name) {
  return RealFileSystem().ReadFile(EOA_SOURCE_DIR "/tests/data/stored/" + name, 1 << 20).value();
}

inline std::vector<std::string> StoredLines(const std::string& name) {
  std::vector<std::string> lines;
  std::istringstream text(StoredFile(name));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

}  // namespace eoa
