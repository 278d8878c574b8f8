// `eoa validate`: says what is wrong with a job file, or prints it completed.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/app/job_file.h"
#include "common/base/file_system.h"

namespace eoa::app {

struct ValidateOptions {
  std::string file;       // "-": standard input
  bool defaults = false;  // print the completed job as YAML
};

// Ends with an exit code of job_file.h. To `out` goes the completed job, or that the file is valid; to `err` what
// ReadJobFile says.
int Validate(const ValidateOptions& options, FileSystem& files, std::ostream& out, std::ostream& err);

}  // namespace eoa::app
