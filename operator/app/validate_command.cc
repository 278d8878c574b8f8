#include "operator/app/validate_command.h"

#include <ostream>

#include "common/api/read_job.h"

namespace eoa::app {
namespace {

std::string Count(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

int Validate(const ValidateOptions& options, FileSystem& files, std::ostream& out, std::ostream& err) {
  const bool standard_input = options.file == "-";
  const std::string name = standard_input ? "<stdin>" : options.file;
  const Result<std::string> text = files.ReadFile(standard_input ? "/dev/stdin" : options.file, api::kMaxJobBytes);
  if (!text.ok()) {
    err << name << ": " << text.error().message() << "\n";
    return kUnreadable;
  }
  const api::JobOutcome outcome = api::ReadJob(*text);
  for (const api::Mistake& mistake : outcome.mistakes) err << api::ToString(mistake, name) << "\n";
  for (const api::Mistake& warning : outcome.warnings) err << "warning: " << api::ToString(warning, name) << "\n";
  if (!outcome.job) {
    err << name << ": " << Count(outcome.mistakes.size(), "mistake")
        << (outcome.mistakes.size() >= api::kMaxMistakes ? " or more" : "") << "\n";
    return kMistakes;
  }
  if (options.defaults) {
    out << api::JobToYaml(*outcome.job);
  } else {
    out << name << ": valid\n";
  }
  return kValid;
}

}  // namespace eoa::app
