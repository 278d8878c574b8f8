#include "cli/app/job_file.h"

#include <ostream>
#include <utility>

#include "common/job/read_job.h"

namespace eoa::app {
namespace {

std::string Count(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

JobFile ReadJobFile(const std::string& file, FileSystem& files, std::ostream& err) {
  const bool standard_input = file == "-";
  JobFile read;
  read.name = standard_input ? "<stdin>" : file;
  const Result<std::string> text = files.ReadFile(standard_input ? "/dev/stdin" : file, api::kMaxJobBytes);
  if (!text.ok()) {
    err << read.name << ": " << text.error().message() << "\n";
    read.code = CommandExit::kWrongUsage;
    return read;
  }
  api::JobOutcome outcome = api::ReadJob(*text);
  for (const api::Mistake& mistake : outcome.mistakes) err << api::ToString(mistake, read.name) << "\n";
  for (const api::Mistake& warning : outcome.warnings) err << "warning: " << api::ToString(warning, read.name) << "\n";
  if (!outcome.job) {
    err << read.name << ": " << Count(outcome.mistakes.size(), "mistake")
        << (outcome.mistakes.size() >= api::kMaxMistakes ? " or more" : "") << "\n";
    read.code = CommandExit::kFailed;
  }
  read.job = std::move(outcome.job);
  return read;
}

}  // namespace eoa::app
