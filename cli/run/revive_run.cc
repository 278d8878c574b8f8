#include "cli/run/revive_run.h"

#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/core/journal.h"
#include "common/base/json_access.h"
#include "common/base/json_guard.h"

namespace eoa::local {
namespace {

constexpr std::uint64_t kMostRecordBytes = std::uint64_t{16} << 20;

bool IsFailure(const broker::Event& event) {
  const auto* finished = std::get_if<broker::PopulationFinished>(&event);
  return std::holds_alternative<broker::PopulationStopped>(event) ||
         (finished != nullptr && !finished->result.succeeded);
}

Status ReviveJournal(const std::string& path, const std::string& uid, FileSystem& files) {
  EOA_ASSIGN_OR_RETURN(const std::string bytes, files.ReadFile(path, broker::kMaxJournalBytes));
  EOA_ASSIGN_OR_RETURN(const broker::JournalContent content, broker::DecodeJournal(bytes, uid));
  std::string revived = broker::EncodeJournalHeader(uid);
  for (const broker::Event& event : content.events) {
    if (!IsFailure(event)) revived += broker::EncodeJournalRecord(event);
  }
  return files.WriteFileAtomically(path, revived);
}

// One that is damaged counts as none anyway.
Status ReviveRecord(const std::string& path, FileSystem& files) {
  const Result<std::string> text = files.ReadFile(path, kMostRecordBytes);
  if (!text.ok()) return text.error().code() == ErrorCode::kNotFound ? OkStatus() : Status(text.error());
  Result<nlohmann::json> record = ParseJson(*text);
  if (!record.ok() || !At(*record, "finished").is_object()) return OkStatus();
  if (At(*record, "finished", "succeeded") == true) return OkStatus();
  record->erase("finished");
  return files.WriteFileAtomically(path, DumpJson(*record) + "\n");
}

}  // namespace

Status ReviveRun(const std::string& directory, const std::string& uid, FileSystem& files) {
  const std::string pods = JoinPath(directory, "pods");
  if (files.Exists(pods)) {
    EOA_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.ListDirectory(pods));
    for (const std::string& name : names) {
      EOA_RETURN_IF_ERROR(ReviveRecord(JoinPath(JoinPath(pods, name), "agent.json"), files));
    }
  }
  return ReviveJournal(JoinPath(directory, "journal"), uid, files);
}

}  // namespace eoa::local
