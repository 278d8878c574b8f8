// `eoa validate`: says what is wrong with a job file, or prints it completed.
#pragma once

#include <iosfwd>
#include <string>

#include "common/base/file_system.h"

namespace eoa::app {

struct ValidateOptions {
  std::string file;       // "-": standard input
  bool defaults = false;  // print the completed job as YAML
};

// Exit codes, for scripts.
inline constexpr int kValid = 0;
inline constexpr int kMistakes = 1;
inline constexpr int kUnreadable = 2;  // not there, no permission, or larger than any job file

// Mistakes and warnings go to `err`, one to a line ("FILE:LINE:COLUMN: FIELD: value 'VALUE': MESSAGE"), with a last
// line that sums up. To `out` goes the completed job, or that the file is valid. Warnings alone leave a file valid.
int Validate(const ValidateOptions& options, FileSystem& files, std::ostream& out, std::ostream& err);

}  // namespace eoa::app
