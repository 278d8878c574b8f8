// FileSystem: the only way to the disk for everything that must survive a crash. One of the five seams
// (docs/architecture.md). Bulk training data is read by trainer/data itself, since it is only ever read.
//
// Paths are UTF-8 strings. Thread-safety: every method may be called from any thread; one AppendFile has one owner.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace eoa {

// A file that grows at its end. Closed by the destructor, without Sync().
class AppendFile {
 public:
  virtual ~AppendFile() = default;

  // Writes all of `data` or fails; after a failure part of it may be in the file.
  virtual Status Append(std::string_view data) = 0;

  // Returns once what was appended survives a power cut (fdatasync).
  virtual Status Sync() = 0;

  // Cuts the file to `size` bytes; appending goes on there.
  virtual Status Truncate(std::uint64_t size) = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The whole file. ResourceExhausted when it is larger than `max_bytes`, without having read it; InvalidArgument for a
  // directory. Works for pipes and devices too, with the same bound.
  virtual Result<std::string> ReadFile(const std::string& path, std::uint64_t max_bytes) = 0;

  // Replaces `path` by `data` as one step: temporary file in the same directory, fsync, rename, fsync of the directory.
  // After a crash the old or the new content is there, never a mixture.
  virtual Status WriteFileAtomically(const std::string& path, std::string_view data) = 0;

  // Opens for appending; makes the file when it is not there. Its name survives a power cut only after a Rename() or
  // WriteFileAtomically() in its directory.
  virtual Result<std::unique_ptr<AppendFile>> OpenForAppend(const std::string& path) = 0;

  // `from` takes the place of `to` as one step; the directory is fsynced.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;

  // NotFound when there is nothing.
  virtual Result<std::uint64_t> FileSize(const std::string& path) = 0;
  virtual bool Exists(const std::string& path) = 0;
  virtual bool IsDirectory(const std::string& path) = 0;

  // Names (not paths) of a directory's entries, sorted.
  virtual Result<std::vector<std::string>> ListDirectory(const std::string& path) = 0;

  // Makes the directory and its parents; ok when it is there already.
  virtual Status CreateDirectories(const std::string& path) = 0;

  // Removes a file, or a directory with all it holds; ok when there is nothing.
  virtual Status Remove(const std::string& path) = 0;
};

// The machine's disks. The reference lives as long as the process.
FileSystem& RealFileSystem();

// "a/b" + "c" = "a/b/c"; an absolute `name` is returned as it is.
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace eoa
