// A job file as commands read it, and what a user is told when it has mistakes.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "common/base/file_system.h"
#include "common/job/job.h"
#include "common/words/exit_code.h"

namespace eoa::app {

struct JobFile {
  std::string name;             // as messages call it
  std::optional<api::Job> job;  // complete; set exactly when `code` is kOk
  int code = CommandExit::kOk;  // kFailed: it has mistakes; kWrongUsage: it cannot be read
};

// `file` "-" is standard input. Mistakes and warnings go to `err`, one to a line ("FILE:LINE:COLUMN: FIELD: value
// 'VALUE': MESSAGE"), with a last line that sums up. Warnings alone leave a file valid.
JobFile ReadJobFile(const std::string& file, FileSystem& files, std::ostream& err);

}  // namespace eoa::app
