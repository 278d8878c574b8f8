#include "cli/report/run_files.h"

#include <cstdint>
#include <utility>

#include "broker/core/journal.h"
#include "common/base/json_guard.h"
#include "common/job/read_job.h"

namespace eoa::report {
namespace {

constexpr std::uint64_t kMaxResultBytes = std::uint64_t{256} << 20;

}  // namespace

Result<ReportInput> ReadRun(const std::string& directory, FileSystem& files) {
  const std::string job_file = JoinPath(directory, "job.json");
  if (!files.Exists(job_file)) {
    return NotFoundError("there is no " + job_file + "; name the output directory of `eoa run`");
  }
  ReportInput input;
  EOA_ASSIGN_OR_RETURN(const std::string job, files.ReadFile(job_file, api::kMaxJobBytes));
  EOA_ASSIGN_OR_RETURN(input.job, api::JobFromText(job, job_file));
  const std::string journal = JoinPath(directory, "journal");
  if (files.Exists(journal)) {
    EOA_ASSIGN_OR_RETURN(const std::string bytes, files.ReadFile(journal, broker::kMaxJournalBytes));
    auto content = broker::DecodeJournal(bytes, input.job.metadata.uid);
    if (!content.ok()) return std::move(content).error().WithContext(journal);
    input.events = std::move(content->events);
  }
  // A run that goes on after an interruption still has the result of that; while it runs, it has a token.
  const bool running = files.Exists(JoinPath(directory, "token"));
  const std::string result_file = JoinPath(directory, "result.json");
  if (!running && files.Exists(result_file)) {
    EOA_ASSIGN_OR_RETURN(const std::string text, files.ReadFile(result_file, kMaxResultBytes));
    auto result = ParseJson(text);
    if (!result.ok()) return std::move(result).error().WithContext(result_file);
    input.result = *std::move(result);
  }
  return input;
}

}  // namespace eoa::report
