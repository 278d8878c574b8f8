#include "cli/data/download_archive.h"

#include <algorithm>
#include <chrono>
#include <memory>

namespace eoa::data {
namespace {

constexpr int kTries = 3;
constexpr auto kTryTime = std::chrono::minutes(20);

Error UnexpectedStatus(const std::string& url, const net::Response& response) {
  std::string message = "the server answered with status " + std::to_string(response.status);
  const std::string_view location = response.headers.Get("Location");
  if (response.status / 100 == 3 && !location.empty())
    message += ": it says the file has moved to " + std::string(location);
  return FailedPreconditionError(url + ": " + message);
}

Status TryOnce(const ArchiveSpec& spec, const std::string& url, AppendFile& output, net::HttpClient& http,
               const Progress& progress) {
  EOA_RETURN_IF_ERROR(output.Truncate(0));
  net::Request request;
  request.url = url;
  request.timeout = kTryTime;
  request.max_response_bytes = spec.bytes;
  const std::uint64_t tenth = std::max<std::uint64_t>(spec.bytes / 10, 1);
  std::uint64_t present = 0;
  const net::BodySink sink = [&](std::string_view piece) -> Status {
    EOA_RETURN_IF_ERROR(output.Append(piece));
    const bool another = present / tenth != (present + piece.size()) / tenth;
    present += piece.size();
    if (another) progress(present);
    return OkStatus();
  };
  EOA_ASSIGN_OR_RETURN(const net::Response response, http.Stream(request, sink));
  if (response.status != 200) return UnexpectedStatus(url, response);
  if (present < spec.bytes) return DataLossError(url + " ends early, after " + std::to_string(present) + " bytes");
  return output.Sync();
}

}  // namespace

Status DownloadArchive(const ArchiveSpec& spec, const std::string& url, const std::string& path, net::HttpClient& http,
                       FileSystem& files, const Progress& progress) {
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<AppendFile> output, files.OpenForAppend(path));
  Status status;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    bool begun = false;
    status = TryOnce(spec, url, *output, http, [&](std::uint64_t bytes) {
      begun = true;
      progress(bytes);
    });
    // Only a transfer that was well on its way is worth another try.
    if (status.ok() || !begun || status.error().code() != ErrorCode::kUnavailable) return status;
  }
  return status;
}

}  // namespace eoa::data
