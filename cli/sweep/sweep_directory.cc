#include "cli/sweep/sweep_directory.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "cli/report/report_page.h"
#include "cli/run/same_job.h"
#include "cli/sweep/comparison.h"
#include "common/base/json_guard.h"
#include "common/evolve/load_schedules.h"
#include "common/job/read_job.h"

namespace eoa::sweep {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 20;

}  // namespace

Result<SweepDirectory> SweepDirectory::Open(const std::string& path, const Plan& plan, FileSystem& files) {
  SweepDirectory directory(path, plan, files);
  for (const char* folder : {"jobs", "logs", "resumed", "runs"}) {
    EOA_RETURN_IF_ERROR(files.CreateDirectories(JoinPath(path, folder)));
  }
  auto lock = local::RunLock::Take(path);
  if (!lock.ok() && lock.error().code() == ErrorCode::kUnavailable) {
    return UnavailableError("another `eoa sweep` is at work in '" + path + "'");
  }
  if (!lock.ok()) return lock.error();
  directory.lock_ = *std::move(lock);
  for (const PlannedRun& run : plan.runs) EOA_RETURN_IF_ERROR(directory.CheckSameJob(run));
  return directory;
}

Status SweepDirectory::CheckSameJob(const PlannedRun& run) const {
  const std::string file = JoinPath(RunPath(run), "job.json");
  if (!files_->Exists(file)) return OkStatus();
  EOA_ASSIGN_OR_RETURN(const std::string text, files_->ReadFile(file, api::kMaxJobBytes));
  EOA_ASSIGN_OR_RETURN(api::Job before, api::JobFromText(text, file));
  (void)evolve::LoadSchedules(before.spec, *files_);
  const std::optional<std::string> difference = local::FirstDifference(JobOf(*plan_, run), before);
  if (!difference) return OkStatus();
  return FailedPreconditionError("'" + RunPath(run) + "' holds a run of another job: " + *difference +
                                 "; give this sweep another directory with --output, or remove that one");
}

RunRecord SweepDirectory::Read(const PlannedRun& run) const {
  if (!files_->Exists(JoinPath(RunPath(run), "job.json"))) return {};
  nlohmann::ordered_json result;
  if (const auto text = files_->ReadFile(JoinPath(RunPath(run), "result.json"), kMaxFileBytes); text.ok()) {
    if (auto parsed = ParseJson(*text, {.max_bytes = kMaxFileBytes, .max_values = kMaxFileBytes}); parsed.ok()) {
      result = *std::move(parsed);
    }
  }
  const auto schedule = files_->ReadFile(JoinPath(RunPath(run), "schedule.csv"), kMaxFileBytes);
  RunRecord record = RecordOf(result, schedule.ok() ? std::string_view(*schedule) : std::string_view());
  if (files_->Exists(ResumedMark(run))) record.seconds.reset();
  return record;
}

Result<std::string> SweepDirectory::Prepare(const PlannedRun& run) {
  const bool goes_on = files_->Exists(JoinPath(RunPath(run), "job.json"));
  // Its seconds will be those of its last part.
  if (goes_on) EOA_RETURN_IF_ERROR(files_->WriteFileAtomically(ResumedMark(run), ""));
  // What a run leaves that was killed before it began.
  if (!goes_on) EOA_RETURN_IF_ERROR(files_->Remove(RunPath(run)));
  std::string file = JoinPath(path_, "jobs/" + run.id + ".json");
  EOA_RETURN_IF_ERROR(files_->WriteFileAtomically(file, DumpJsonPretty(api::JobToJson(JobOf(*plan_, run)))));
  return file;
}

std::string SweepDirectory::LastWords(const PlannedRun& run) const {
  const auto text = files_->ReadFile(LogPath(run), kMaxFileBytes);
  if (!text.ok()) return "";
  std::string_view said = *text;
  said = said.substr(0, said.find_last_not_of('\n') + 1);
  return std::string(said.substr(said.rfind('\n') + 1));
}

Status SweepDirectory::WriteTables(const std::vector<RunRecord>& records, const std::string& version) {
  const std::vector<VariantRow> rows = Compare(*plan_, records);
  const nlohmann::ordered_json json = SweepJson(*plan_, rows, records, version);
  EOA_RETURN_IF_ERROR(files_->WriteFileAtomically(JoinPath(path_, "runs.csv"), RunsCsv(*plan_, records)));
  EOA_RETURN_IF_ERROR(files_->WriteFileAtomically(JoinPath(path_, "variants.csv"), VariantsCsv(*plan_, rows)));
  EOA_RETURN_IF_ERROR(files_->WriteFileAtomically(JoinPath(path_, "sweep.json"), DumpJsonPretty(json)));
  return files_->WriteFileAtomically(JoinPath(path_, "sweep.html"), report::ReportPage(json));
}

}  // namespace eoa::sweep
