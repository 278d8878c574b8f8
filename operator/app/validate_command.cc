#include "operator/app/validate_command.h"

#include <ostream>

#include "common/api/read_job.h"

namespace eoa::app {

int Validate(const ValidateOptions& options, FileSystem& files, std::ostream& out, std::ostream& err) {
  const JobFile read = ReadJobFile(options.file, files, err);
  if (!read.job) return read.code;
  if (options.defaults) {
    out << api::JobToYaml(*read.job);
  } else {
    out << read.name << ": valid\n";
  }
  return kValid;
}

}  // namespace eoa::app
