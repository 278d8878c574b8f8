#include "cli/data/data_command.h"

#include <ostream>

#include "cli/data/archive_check.h"
#include "cli/data/download_archive.h"
#include "cli/data/extract_archive.h"
#include "common/words/exit_code.h"

namespace eoa::data {
namespace {

std::uint64_t Megabytes(std::uint64_t bytes) { return (bytes + 500'000) / 1'000'000; }

int Fail(const Error& error, std::ostream& err) {
  err << "eoa data: " << error.message() << "\n";
  return CommandExit::kFailed;
}

// Downloads to `path` unless a whole archive is there from an earlier try.
Status Fetch(const ArchiveSpec& spec, const std::string& url, const std::string& path, net::HttpClient& http,
             FileSystem& files, std::ostream& out) {
  if (files.Exists(path) && CheckArchive(spec, path, files).ok()) return OkStatus();
  out << "fetching " << url << " (" << Megabytes(spec.bytes) << " MB)" << std::endl;
  EOA_RETURN_IF_ERROR(DownloadArchive(spec, url, path, http, files, [&](std::uint64_t bytes) {
    out << "  " << bytes * 100 / spec.bytes << " %" << std::endl;
  }));
  return CheckArchive(spec, path, files);
}

void SayWhatToDo(const ArchiveSpec& spec, const DataOptions& options, std::ostream& err) {
  err << "If this machine cannot reach that server: fetch " << spec.file_name << " (" << spec.bytes << " bytes, MD5 "
      << spec.md5 << ")\non another one, copy it here, and run\n\n  eoa data " << spec.dataset << " "
      << options.directory << " --from " << spec.file_name
      << "\n\nor name a mirror's folder with --url or EOA_DATA_URL.\n";
}

}  // namespace

int DataCommand(const DataOptions& options, net::HttpClient& http, FileSystem& files, std::ostream& out,
                std::ostream& err) {
  const Result<ArchiveSpec> spec = FindArchive(options.dataset);
  if (!spec.ok()) {
    Fail(spec.error(), err);
    return CommandExit::kWrongUsage;
  }
  return InstallArchive(*spec, options, http, files, out, err);
}

int InstallArchive(const ArchiveSpec& spec, const DataOptions& options, net::HttpClient& http, FileSystem& files,
                   std::ostream& out, std::ostream& err) {
  if (IsComplete(spec, options.directory, files)) {
    out << spec.dataset << " is in " << options.directory << " already\n";
    return CommandExit::kOk;
  }
  if (Status made = files.CreateDirectories(options.directory); !made.ok()) return Fail(made.error(), err);
  std::string archive = options.from;
  if (archive.empty()) {
    archive = JoinPath(options.directory, spec.file_name + ".part");
    const std::string url = options.url + (options.url.ends_with('/') ? "" : "/") + spec.file_name;
    if (Status fetched = Fetch(spec, url, archive, http, files, out); !fetched.ok()) {
      (void)files.Remove(archive).ok();
      Fail(fetched.error(), err);
      SayWhatToDo(spec, options, err);
      return CommandExit::kFailed;
    }
  } else if (Status right = CheckArchive(spec, archive, files); !right.ok()) {
    return Fail(right.error(), err);
  }
  if (Status unpacked = ExtractArchive(spec, archive, options.directory, files); !unpacked.ok()) {
    return Fail(unpacked.error(), err);
  }
  // The user's own archive stays.
  if (options.from.empty()) {
    if (Status removed = files.Remove(archive); !removed.ok()) return Fail(removed.error(), err);
  }
  out << spec.dataset << " is in " << options.directory << "\n";
  return CommandExit::kOk;
}

}  // namespace eoa::data
