// FaultyFileSystem: a FileSystem in memory that forgets what was not synced when it crashes (after LevelDB's
// FaultInjectionTestEnv), and can crash, or fail as a full disk does, at any of its writes.
//
// What it takes for durable: bytes up to the last Sync() of an append file; a WriteFileAtomically() or Rename() that
// returned. A crash in the middle of WriteFileAtomically() leaves the old file; a Remove() may or may not have
// happened, which `removals_survive` says. Thread-safety: none.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/file_system.h"

namespace eoa {

class FaultyFileSystem final : public FileSystem {
 public:
  enum class Fault {
    kCrash,     // the process is gone: this and every later call fails
    kDiskFull,  // this and every later write fails with ResourceExhausted, after half of it was written
  };

  // The write number `count` from now on (counting from 0) meets `fault`.
  void FailAt(int count, Fault fault);

  // Writes so far: each step of an operation that could be the last counts.
  int writes() const { return writes_; }

  // The machine starts again: what was not synced is gone. `removals_survive`: whether removals of files that nothing
  // has synced since are on the disk.
  void Restart(bool removals_survive);

  Result<std::string> ReadFile(const std::string& path, std::uint64_t max_bytes) override;
  Status WriteFileAtomically(const std::string& path, std::string_view data) override;
  Result<std::unique_ptr<AppendFile>> OpenForAppend(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Result<std::uint64_t> FileSize(const std::string& path) override;
  bool Exists(const std::string& path) override { return now_.contains(path) || IsDirectory(path); }
  bool IsDirectory(const std::string& path) override;
  Result<std::vector<std::string>> ListDirectory(const std::string& path) override;
  Status CreateDirectories(const std::string& path) override;
  Status Remove(const std::string& path) override;

 private:
  class Appender;
  using Files = std::map<std::string, std::string>;

  // Ok, or what the next write meets.
  Status NextWrite(const std::string& path);
  void SyncDirectory();

  Files now_;                         // as programs see it
  Files synced_;                      // contents that are on the disk, also of files whose names are not
  Files durable_;                     // as it is after a crash
  std::vector<std::string> removed_;  // from now_, while durable_ may still have them
  int writes_ = 0;
  int fail_at_ = -1;
  Fault fault_ = Fault::kCrash;
  bool crashed_ = false;
};

}  // namespace eoa
