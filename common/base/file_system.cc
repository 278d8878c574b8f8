#include "common/base/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/base/descriptor.h"

namespace eoa {
namespace {

namespace fs = std::filesystem;

Descriptor OpenRetrying(const std::string& path, int flags, mode_t mode = 0) {
  for (;;) {
    Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (fd.valid() || errno != EINTR) return fd;
  }
}

Status WriteAll(int fd, std::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError(errno, "writing " + path);
    }
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return OkStatus();
}

Error FromErrorCode(const std::error_code& code, const std::string& what) { return ErrnoError(code.value(), what); }

Status SyncDirectoryOf(const std::string& path) {
  std::string directory = fs::path(path).parent_path().string();
  if (directory.empty()) directory = ".";
  const Descriptor fd = OpenRetrying(directory, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) return ErrnoError(errno, "opening " + directory);
  // Some network file systems cannot sync a directory and say EINVAL; their rename is durable by other means.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return ErrnoError(errno, "syncing " + directory);
  return OkStatus();
}

class RealAppendFile final : public AppendFile {
 public:
  RealAppendFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status Append(std::string_view data) override { return WriteAll(fd_.get(), data, path_); }

  Status Sync() override {
    if (::fdatasync(fd_.get()) != 0) return ErrnoError(errno, "syncing " + path_);
    return OkStatus();
  }

  Status Truncate(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return ErrnoError(errno, "truncating " + path_);
    return OkStatus();
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class MachineFileSystem final : public FileSystem {
 public:
  Result<std::string> ReadFile(const std::string& path, std::uint64_t max_bytes) override {
    const Descriptor fd = OpenRetrying(path, O_RDONLY);
    if (!fd.valid()) return ErrnoError(errno, "opening " + path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return ErrnoError(errno, "reading " + path);
    if (S_ISDIR(info.st_mode)) return ErrnoError(EISDIR, "reading " + path);
    const auto too_large = [&] {
      return ResourceExhaustedError(path + " is larger than the " + std::to_string(max_bytes) + " bytes allowed");
    };
    if (S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) > max_bytes) return too_large();
    std::string content;
    std::array<char, 64 * 1024> block{};
    for (;;) {
      const ssize_t got = ::read(fd.get(), block.data(), block.size());
      if (got < 0) {
        if (errno == EINTR) continue;
        return ErrnoError(errno, "reading " + path);
      }
      if (got == 0) return content;
      if (content.size() + static_cast<std::size_t>(got) > max_bytes) return too_large();
      content.append(block.data(), static_cast<std::size_t>(got));
    }
  }

  Status WriteFileAtomically(const std::string& path, std::string_view data) override {
    static std::atomic<unsigned> serial{0};
    const std::string temporary =
        path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(serial.fetch_add(1));
    Status status = WriteAndSync(temporary, data);
    if (status.ok()) status = Rename(temporary, path);
    if (!status.ok()) ::unlink(temporary.c_str());
    return status;
  }

  Result<std::unique_ptr<AppendFile>> OpenForAppend(const std::string& path) override {
    Descriptor fd = OpenRetrying(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (!fd.valid()) return ErrnoError(errno, "opening " + path);
    return std::unique_ptr<AppendFile>(std::make_unique<RealAppendFile>(std::move(fd), path));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return ErrnoError(errno, "renaming " + from + " to " + to);
    return SyncDirectoryOf(to);
  }

  Result<std::uint64_t> FileSize(const std::string& path) override {
    std::error_code code;
    const auto size = fs::file_size(path, code);
    if (code) return FromErrorCode(code, "size of " + path);
    return static_cast<std::uint64_t>(size);
  }

  bool Exists(const std::string& path) override {
    std::error_code code;
    return fs::exists(path, code);
  }

  bool IsDirectory(const std::string& path) override {
    std::error_code code;
    return fs::is_directory(path, code);
  }

  Result<std::vector<std::string>> ListDirectory(const std::string& path) override {
    std::error_code code;
    std::vector<std::string> names;
    for (fs::directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
      names.push_back(it->path().filename().string());
    }
    if (code) return FromErrorCode(code, "listing " + path);
    std::sort(names.begin(), names.end());
    return names;
  }

  Status CreateDirectories(const std::string& path) override {
    std::error_code code;
    fs::create_directories(path, code);
    if (code) return FromErrorCode(code, "making directory " + path);
    return OkStatus();
  }

  Status Remove(const std::string& path) override {
    std::error_code code;
    fs::remove_all(path, code);
    if (code) return FromErrorCode(code, "removing " + path);
    return OkStatus();
  }

 private:
  static Status WriteAndSync(const std::string& path, std::string_view data) {
    // Process ids repeat, in containers at every start: a run that crashed may have left a file of this name.
    ::unlink(path.c_str());
    const Descriptor fd = OpenRetrying(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (!fd.valid()) return ErrnoError(errno, "making " + path);
    EOA_RETURN_IF_ERROR(WriteAll(fd.get(), data, path));
    if (::fsync(fd.get()) != 0) return ErrnoError(errno, "syncing " + path);
    return OkStatus();
  }
};

}  // namespace

FileSystem& RealFileSystem() {
  static MachineFileSystem file_system;
  return file_system;
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  return (fs::path(directory) / fs::path(name)).string();
}

}  // namespace eoa
