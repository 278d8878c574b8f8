#include "cli/data/extract_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <map>
#include <memory>

namespace eoa::data {
namespace {

using Reader = std::unique_ptr<::archive, decltype(&::archive_read_free)>;

Error Damaged(const std::string& path, const Reader& reader) {
  const char* reason = ::archive_error_string(reader.get());
  return DataLossError(path + " cannot be unpacked: " + (reason == nullptr ? "not a gzipped tar file" : reason));
}

// Copies the current entry into the new file `target`.
Status CopyEntry(const Reader& reader, const std::string& path, const ArchiveFile& wanted, const std::string& target,
                 FileSystem& files) {
  EOA_ASSIGN_OR_RETURN(const std::unique_ptr<AppendFile> output, files.OpenForAppend(target));
  const std::uint64_t most = wanted.bytes == 0 ? kMaxTextBytes : wanted.bytes;
  std::uint64_t written = 0;
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  int state = ::archive_read_data_block(reader.get(), &block, &size, &offset);
  for (; state == ARCHIVE_OK; state = ::archive_read_data_block(reader.get(), &block, &size, &offset)) {
    // A hole, of a sparse entry, would shift what follows.
    if (static_cast<std::uint64_t>(offset) != written || size > most - written) break;
    EOA_RETURN_IF_ERROR(output->Append({static_cast<const char*>(block), size}));
    written += size;
  }
  if (state != ARCHIVE_EOF && state != ARCHIVE_OK) return Damaged(path, reader);
  if (state != ARCHIVE_EOF || (wanted.bytes != 0 && written != wanted.bytes)) {
    return DataLossError(path + ": " + wanted.name + " does not have the expected size");
  }
  return output->Sync();
}

}  // namespace

Status ExtractArchive(const ArchiveSpec& spec, const std::string& archive, const std::string& directory,
                      FileSystem& files) {
  const Reader reader(::archive_read_new(), ::archive_read_free);
  ::archive_read_support_format_tar(reader.get());
  ::archive_read_support_filter_gzip(reader.get());
  if (::archive_read_open_filename(reader.get(), archive.c_str(), 64 * 1024) != ARCHIVE_OK)
    return Damaged(archive, reader);

  std::map<std::string, ArchiveFile> missing;
  for (const ArchiveFile& file : spec.files) missing.emplace(spec.folder + "/" + file.name, file);
  ::archive_entry* entry = nullptr;
  int state = ::archive_read_next_header(reader.get(), &entry);
  for (; state == ARCHIVE_OK; state = ::archive_read_next_header(reader.get(), &entry)) {
    const char* name = ::archive_entry_pathname(entry);
    if (name == nullptr) continue;
    const auto found = missing.find(name);
    if (found == missing.end() || ::archive_entry_filetype(entry) != AE_IFREG ||
        ::archive_entry_hardlink(entry) != nullptr) {
      continue;
    }
    const std::string target = JoinPath(directory, found->second.name);
    const std::string partial = target + ".part";
    EOA_RETURN_IF_ERROR(files.Remove(partial));
    Status status = CopyEntry(reader, archive, found->second, partial, files);
    if (status.ok()) status = files.Rename(partial, target);
    if (!status.ok()) {
      (void)files.Remove(partial).ok();
      return status;
    }
    missing.erase(found);
  }
  if (state != ARCHIVE_EOF) return Damaged(archive, reader);
  if (!missing.empty()) return DataLossError(archive + " does not hold " + missing.begin()->first);
  return OkStatus();
}

}  // namespace eoa::data
