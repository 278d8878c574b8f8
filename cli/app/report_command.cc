#include "cli/app/report_command.h"

#include <ostream>

#include "cli/report/compare_runs.h"
#include "cli/report/report_page.h"
#include "cli/report/run_files.h"
#include "common/words/exit_code.h"

namespace eoa::app {
namespace {

Result<nlohmann::ordered_json> DataOf(const std::string& directory, const std::string& version, FileSystem& files) {
  EOA_ASSIGN_OR_RETURN(report::ReportInput input, report::ReadRun(directory, files));
  input.version = version;
  return report::ReportData(input);
}

}  // namespace

int Report(const ReportOptions& options, FileSystem& files, std::ostream& out, std::ostream& err) {
  const auto fail = [&](const Error& error) {
    err << "eoa report: " << error.message() << "\n";
    return CommandExit::kFailed;
  };
  const auto data = DataOf(options.directory, options.version, files);
  if (!data.ok()) return fail(data.error());
  const std::string output = options.output.empty() ? JoinPath(options.directory, "report.html") : options.output;
  const Status written = files.WriteFileAtomically(output, report::ReportPage(*data));
  if (!written.ok()) return fail(written.error());
  out << output << "\n";
  return CommandExit::kOk;
}

int Compare(const CompareOptions& options, FileSystem& files, std::ostream& out, std::ostream& err) {
  const auto fail = [&](const Error& error) {
    err << "eoa compare: " << error.message() << "\n";
    return CommandExit::kFailed;
  };
  std::vector<report::ComparedRun> runs;
  for (const std::string& directory : options.directories) {
    auto data = DataOf(directory, options.version, files);
    if (!data.ok()) return fail(data.error());
    runs.push_back({directory, *std::move(data)});
  }
  out << report::ComparisonTable(runs);
  if (options.output.empty()) return CommandExit::kOk;
  const Status written = files.WriteFileAtomically(options.output, report::ComparisonPage(runs));
  if (!written.ok()) return fail(written.error());
  out << options.output << "\n";
  return CommandExit::kOk;
}

}  // namespace eoa::app
