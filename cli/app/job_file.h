// A job file as commands read it, and what a user is told when it has mistakes.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "common/base/file_system.h"
#include "common/job/job.h"

namespace eoa::app {

// Exit codes, for scripts.
inline constexpr int kValid = 0;
inline constexpr int kMistakes = 1;
inline constexpr int kUnreadable = 2;  // not there, no permission, or larger than any job file

struct JobFile {
  std::string name;             // as messages call it
  std::optional<api::Job> job;  // complete; set exactly when `code` is kValid
  int code = kValid;
};

// `file` "-" is standard input. Mistakes and warnings go to `err`, one to a line ("FILE:LINE:COLUMN: FIELD: value
// 'VALUE': MESSAGE"), with a last line that sums up. Warnings alone leave a file valid.
JobFile ReadJobFile(const std::string& file, FileSystem& files, std::ostream& err);

}  // namespace eoa::app
