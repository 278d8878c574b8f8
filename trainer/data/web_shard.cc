#include "trainer/data/web_shard.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "common/base/file_system.h"
#include "trainer/data/image_file.h"
#include "trainer/data/tar_index.h"
#include "trainer/data/web_label.h"

namespace eoa::train {
namespace {

constexpr std::size_t kMostKeptOpen = 256;
constexpr std::uint64_t kMaxLabelBytes = std::uint64_t{1} << 20;

// "dir/00012.seg.png" has the key "dir/00012" and the extension ".seg.png".
std::pair<std::string_view, std::string_view> SplitKey(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t dot = name.find('.', slash == std::string_view::npos ? 0 : slash + 1);
  if (dot == std::string_view::npos) return {name, {}};
  return {name.substr(0, dot), name.substr(dot)};
}

// The files of one sample.
struct Group {
  std::string_view key;
  const TarEntry* image = nullptr;
  const TarEntry* label = nullptr;
  std::string_view label_extension{};
};

class ShardReader {
 public:
  ShardReader(const ReadOnlyFile& file, const std::vector<std::string>& classes, WebShards& shards)
      : file_(file), classes_(classes), shards_(shards) {}

  Status Run() {
    EOA_ASSIGN_OR_RETURN(const std::vector<TarEntry> entries, IndexTar(file_));
    std::vector<Group> groups;
    // A sample's files may lie apart: tar without --sort takes them as the file system lists them.
    std::unordered_map<std::string_view, std::size_t> places;
    for (const TarEntry& entry : entries) {
      const auto [key, extension] = SplitKey(entry.name);
      const bool image = HasImageEnding(extension) && extension.rfind('.') == 0;
      if (!image && LabelRank(extension) == 0) continue;
      const auto [place, added] = places.emplace(key, groups.size());
      if (added) groups.push_back({.key = key});
      EOA_RETURN_IF_ERROR(Put(groups[place->second], entry, image, extension));
    }
    for (const Group& group : groups) EOA_RETURN_IF_ERROR(Close(group));
    return OkStatus();
  }

 private:
  Error Broken(std::string_view record, const std::string& what) const {
    return DataLossError(file_.path() + ", " + std::string(record) + ": " + what);
  }

  Status Put(Group& group, const TarEntry& entry, bool image, std::string_view extension) const {
    if (image ? group.image != nullptr : group.label_extension == extension) {
      return Broken(entry.name, "a second file of its kind for this sample");
    }
    if (image) {
      group.image = &entry;
    } else if (LabelRank(extension) > LabelRank(group.label_extension)) {
      group.label = &entry;
      group.label_extension = extension;
    }
    return OkStatus();
  }

  Status Close(const Group& group) {
    if (group.image == nullptr) {
      // Texts of other kinds may stand alone.
      if (group.label_extension != ".cls") return OkStatus();
      return Broken(group.key, "no " + std::string(kImageEndings) + " file beside the .cls file");
    }
    if (group.label == nullptr) return Broken(group.key, "no .cls, .json or .txt file with its class beside the image");
    if (group.image->size > kMaxImageFileBytes) {
      return Broken(group.image->name, "the image has " + std::to_string(group.image->size) + " bytes; at most " +
                                           std::to_string(kMaxImageFileBytes) + " are read");
    }
    std::string text(std::min(group.label->size, kMaxLabelBytes), '\0');
    EOA_RETURN_IF_ERROR(file_.ReadAt(group.label->offset, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
    const Result<std::int32_t> label = ParseWebLabel(group.label_extension, text, classes_);
    if (!label.ok()) return Broken(group.label->name, label.error().message());
    shards_.labels.push_back(*label);
    shards_.records.push_back(
        {static_cast<std::uint32_t>(shards_.files.size()), group.image->offset, group.image->size, group.image->name});
    return OkStatus();
  }

  const ReadOnlyFile& file_;
  const std::vector<std::string>& classes_;
  WebShards& shards_;
};

// The ending of a compressed archive's name; empty for others.
std::string_view Compression(std::string_view name) {
  constexpr std::array<std::string_view, 7> kEndings{".tar.gz",  ".tgz",    ".tar.zst", ".tar.bz2",
                                                     ".tar.lz4", ".tar.xz", ".tar.lzma"};
  const auto* const found = std::ranges::find_if(kEndings, [&](auto ending) { return name.ends_with(ending); });
  return found == kEndings.end() ? "" : *found;
}

}  // namespace

ShardFile::ShardFile(ReadOnlyFile file, bool keep_open) : path_(file.path()) {
  if (keep_open) open_ = std::move(file);
}

Status ShardFile::ReadAt(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  if (open_) return open_->ReadAt(offset, bytes);
  EOA_ASSIGN_OR_RETURN(const ReadOnlyFile file, ReadOnlyFile::Open(path_));
  return file.ReadAt(offset, bytes);
}

Result<WebShards> ReadWebShards(const std::string& directory, std::string_view prefix,
                                const std::vector<std::string>& classes) {
  WebShards shards;
  EOA_ASSIGN_OR_RETURN(const std::vector<std::string> names, RealFileSystem().ListDirectory(directory));
  for (const std::string& name : names) {
    if (!name.starts_with(prefix)) continue;
    const std::string path = JoinPath(directory, name);
    if (!Compression(name).empty()) return CompressedArchive(path);
    if (!name.ends_with(".tar")) continue;
    EOA_ASSIGN_OR_RETURN(ReadOnlyFile file, ReadOnlyFile::Open(path));
    EOA_RETURN_IF_ERROR(ShardReader(file, classes, shards).Run());
    const bool keep_open = shards.files.size() < kMostKeptOpen;
    shards.files.emplace_back(std::move(file), keep_open);
  }
  return shards;
}

}  // namespace eoa::train
