#include "cli/fetch/pod_files.h"

#include <string_view>

#include "common/base/checksum.h"
#include "common/base/hex.h"
#include "common/base/json_access.h"
#include "common/base/json_guard.h"
#include "common/net/http_message.h"

namespace eoa::fetch {
namespace {

constexpr std::size_t kChecksumDigits = 8;

Result<std::string_view> CheckPiece(std::string_view answer) {
  if (answer.size() < kChecksumDigits) return DataLossError("a piece without its checksum");
  const std::string_view piece = answer.substr(kChecksumDigits);
  if (answer.substr(0, kChecksumDigits) != HexNumber(Crc32(piece), kChecksumDigits)) {
    return DataLossError("a piece does not match its checksum");
  }
  return piece;
}

}  // namespace

std::string PodFiles::Path(const std::string& file, std::int64_t from) const {
  std::string path = kube::ResourcePath(kube::kPods, pod_.name_space, pod_.name + ":" + std::to_string(port_), "proxy");
  path += "/v1/files" + (file.empty() ? "" : "/" + net::PercentEncode(file));
  return path + "?key=" + net::PercentEncode(key_) + "&from=" + std::to_string(from);
}

Result<std::vector<RemoteFile>> PodFiles::List() {
  EOA_ASSIGN_OR_RETURN(const std::string text, client_.GetRaw(Path("", 0)));
  EOA_ASSIGN_OR_RETURN(const nlohmann::json answer, ParseJson(text));
  std::vector<RemoteFile> found;
  const nlohmann::json& files = At(answer, "files");
  if (!files.is_array()) return DataLossError("pod " + pod_.name + " did not answer with a list of files");
  for (const nlohmann::json& file : files) {
    found.push_back({TextAt(file, "name"), IntegerAt(file, "bytes"), IntegerAt(file, "changed")});
  }
  return found;
}

Status PodFiles::Fetch(const RemoteFile& file, const std::string& path, FileSystem& files,
                       const OnProgress& on_progress) {
  const std::string part = path + "." + std::to_string(file.bytes) + "-" + std::to_string(file.changed) + ".part";
  const Result<std::uint64_t> before = files.FileSize(part);
  std::int64_t done = before.ok() ? static_cast<std::int64_t>(*before) : 0;
  {
    EOA_ASSIGN_OR_RETURN(const std::unique_ptr<AppendFile> out, files.OpenForAppend(part));
    while (done < file.bytes) {
      EOA_ASSIGN_OR_RETURN(const std::string answer, client_.GetRaw(Path(file.name, done)));
      EOA_ASSIGN_OR_RETURN(const std::string_view piece, CheckPiece(answer));
      if (piece.empty()) return DataLossError(file.name + " ends early: it was changed meanwhile; try again");
      EOA_RETURN_IF_ERROR(out->Append(piece));
      done += static_cast<std::int64_t>(piece.size());
      on_progress(file, done);
    }
    EOA_RETURN_IF_ERROR(out->Sync());
  }
  if (done > file.bytes) {
    EOA_RETURN_IF_ERROR(files.Remove(part));
    return DataLossError(file.name + " has grown meanwhile; try again");
  }
  return files.Rename(part, path);
}

}  // namespace eoa::fetch
