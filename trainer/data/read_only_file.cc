#include "trainer/data/read_only_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace eoa::train {
namespace {

Status CheckKind(const std::string& path, const struct stat& status) {
  if (S_ISREG(status.st_mode)) return OkStatus();
  return DataLossError(path + " is not a regular file");
}

Status CheckSize(const std::string& path, std::uint64_t size, std::uint64_t limit) {
  if (size <= limit) return OkStatus();
  return DataLossError(path + " has " + std::to_string(size) + " bytes; at most " + std::to_string(limit) +
                       " are read");
}

}  // namespace

Result<ReadOnlyFile> ReadOnlyFile::Open(const std::string& path) {
  // O_NONBLOCK: a pipe in the place of a file must not hang the trainer; it means nothing for regular files.
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.valid()) return ErrnoError(errno, "opening " + path);
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) return ErrnoError(errno, "opening " + path);
  EOA_RETURN_IF_ERROR(CheckKind(path, status));
  return ReadOnlyFile(path, std::move(descriptor), static_cast<std::uint64_t>(status.st_size));
}

Status ReadOnlyFile::ReadAt(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  const std::size_t wanted = bytes.size();
  while (!bytes.empty()) {
    const ssize_t count = ::pread(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, "reading " + path_);
    if (count == 0) {
      return DataLossError(path_ + " ends at byte " + std::to_string(offset) + "; expected " +
                           std::to_string(bytes.size()) + " more of " + std::to_string(wanted) + " bytes there");
    }
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return OkStatus();
}

Status CheckReadable(const std::string& path, std::uint64_t limit) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return ErrnoError(errno, "opening " + path);
  // Nobody else needs to be asked about a file that everybody may read.
  const bool open_to_all = (status.st_mode & S_IROTH) != 0;
  if (!open_to_all && ::access(path.c_str(), R_OK) != 0) return ErrnoError(errno, "opening " + path);
  EOA_RETURN_IF_ERROR(CheckKind(path, status));
  return CheckSize(path, static_cast<std::uint64_t>(status.st_size), limit);
}

Status ReadWhole(const std::string& path, std::uint64_t limit, std::vector<std::uint8_t>& bytes) {
  EOA_ASSIGN_OR_RETURN(const ReadOnlyFile file, ReadOnlyFile::Open(path));
  EOA_RETURN_IF_ERROR(CheckSize(path, file.size(), limit));
  bytes.resize(file.size());
  return file.ReadAt(0, bytes);
}

}  // namespace eoa::train
