#include "cli/app/validate_command.h"

#include <ostream>

#include "common/estimate/memory_estimate.h"
#include "common/job/read_job.h"

namespace eoa::app {

int Validate(const ValidateOptions& options, FileSystem& files, std::ostream& out, std::ostream& err) {
  const JobFile read = ReadJobFile(options.file, files, err);
  if (!read.job) return read.code;
  if (options.defaults) {
    out << api::JobToYaml(*read.job);
  } else {
    const api::TrainerSpec& trainer = read.job->spec.trainer;
    out << read.name << ": valid\neach member needs " << api::DescribeMemory(api::EstimateMemory(trainer), trainer)
        << "\n";
  }
  return CommandExit::kOk;
}

}  // namespace eoa::app
