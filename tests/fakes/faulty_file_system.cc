#include "tests/fakes/faulty_file_system.h"

#include <algorithm>
#include <set>
#include <utility>

namespace eoa {

class FaultyFileSystem::Appender final : public AppendFile {
 public:
  Appender(FaultyFileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  Status Append(std::string_view data) override {
    const Status status = files_.NextWrite(path_);
    std::string& content = files_.now_[path_];
    content += status.ok() ? data : data.substr(0, data.size() / 2);
    return status;
  }

  Status Sync() override {
    EOA_RETURN_IF_ERROR(files_.NextWrite(path_));
    files_.synced_[path_] = files_.now_[path_];
    // Of a new file the contents are on the disk, but not its name.
    if (const auto named = files_.durable_.find(path_); named != files_.durable_.end())
      named->second = files_.now_[path_];
    return OkStatus();
  }

  Status Truncate(std::uint64_t size) override {
    EOA_RETURN_IF_ERROR(files_.NextWrite(path_));
    files_.now_[path_].resize(size);
    return OkStatus();
  }

 private:
  FaultyFileSystem& files_;
  std::string path_;
};

void FaultyFileSystem::FailAt(int count, Fault fault) {
  fail_at_ = writes_ + count;
  fault_ = fault;
}

Status FaultyFileSystem::NextWrite(const std::string& path) {
  const bool fails = fail_at_ >= 0 && writes_ >= fail_at_;
  ++writes_;
  if (!fails && !crashed_) return OkStatus();
  if (fault_ == Fault::kDiskFull) return ResourceExhaustedError("writing " + path + ": no space left on device");
  crashed_ = true;
  return InternalError("the process is gone");
}

void FaultyFileSystem::Restart(bool removals_survive) {
  if (removals_survive) SyncDirectory();
  now_ = synced_ = durable_;
  removed_.clear();
  fail_at_ = -1;
  crashed_ = false;
}

// A directory's sync makes its removals durable too.
void FaultyFileSystem::SyncDirectory() {
  for (const std::string& path : removed_) {
    if (!now_.contains(path)) durable_.erase(path);
  }
  removed_.clear();
}

Result<std::string> FaultyFileSystem::ReadFile(const std::string& path, std::uint64_t max_bytes) {
  const auto found = now_.find(path);
  if (found == now_.end()) return NotFoundError("opening " + path + ": no such file");
  if (found->second.size() > max_bytes) return ResourceExhaustedError(path + " is too large");
  return found->second;
}

Status FaultyFileSystem::WriteFileAtomically(const std::string& path, std::string_view data) {
  // Before the rename, and between it and the directory's sync.
  EOA_RETURN_IF_ERROR(NextWrite(path));
  now_[path] = std::string(data);
  EOA_RETURN_IF_ERROR(NextWrite(path));
  SyncDirectory();
  durable_[path] = synced_[path] = now_[path];
  return OkStatus();
}

Result<std::unique_ptr<AppendFile>> FaultyFileSystem::OpenForAppend(const std::string& path) {
  EOA_RETURN_IF_ERROR(NextWrite(path));
  now_.try_emplace(path);
  return std::unique_ptr<AppendFile>(std::make_unique<Appender>(*this, path));
}

Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  EOA_RETURN_IF_ERROR(NextWrite(to));
  const auto found = now_.find(from);
  if (found == now_.end()) return NotFoundError("renaming " + from + ": no such file");
  std::string content = std::move(found->second);
  now_.erase(found);
  now_[to] = std::move(content);
  EOA_RETURN_IF_ERROR(NextWrite(to));
  // A name that is durable of contents that are not is what an fsync that was forgotten looks like.
  durable_[to] = synced_[from];
  synced_[to] = synced_[from];
  synced_.erase(from);
  durable_.erase(from);
  SyncDirectory();
  return OkStatus();
}

Result<std::uint64_t> FaultyFileSystem::FileSize(const std::string& path) {
  const auto found = now_.find(path);
  if (found == now_.end()) return NotFoundError("size of " + path + ": no such file");
  return static_cast<std::uint64_t>(found->second.size());
}

bool FaultyFileSystem::IsDirectory(const std::string& path) {
  const auto next = now_.lower_bound(path + "/");
  return next != now_.end() && next->first.starts_with(path + "/");
}

Result<std::vector<std::string>> FaultyFileSystem::ListDirectory(const std::string& path) {
  std::set<std::string> names;
  for (auto it = now_.lower_bound(path + "/"); it != now_.end() && it->first.starts_with(path + "/"); ++it) {
    const std::string rest = it->first.substr(path.size() + 1);
    names.insert(rest.substr(0, rest.find('/')));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Status FaultyFileSystem::CreateDirectories(const std::string& /*path*/) { return OkStatus(); }

Status FaultyFileSystem::Remove(const std::string& path) {
  EOA_RETURN_IF_ERROR(NextWrite(path));
  for (auto it = now_.lower_bound(path); it != now_.end();) {
    if (it->first != path && !it->first.starts_with(path + "/")) break;
    removed_.push_back(it->first);
    it = now_.erase(it);
  }
  return OkStatus();
}

}  // namespace eoa
