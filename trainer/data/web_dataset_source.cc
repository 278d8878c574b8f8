#include "trainer/data/web_dataset_source.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/number.h"
#include "trainer/data/class_names.h"
#include "trainer/data/image_file.h"
#include "trainer/data/read_only_file.h"
#include "trainer/data/tar_index.h"

namespace eoa::train {
namespace {

constexpr std::uint64_t kMaxLabelBytes = 32;

struct Record {
  std::uint32_t shard = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string name;  // of the image
};

struct Shards {
  std::vector<ReadOnlyFile> files;
  std::vector<Record> records;
  std::vector<std::int32_t> labels;
};

class WebDatasetSource final : public DataSource {
 public:
  WebDatasetSource(Shards shards, std::vector<std::string> classes)
      : DataSource(std::move(shards.labels), std::move(classes)),
        files_(std::move(shards.files)),
        records_(std::move(shards.records)) {}

  Result<RecordView> Read(std::uint32_t sample, std::vector<std::uint8_t>& scratch) const override {
    const Record& record = records_[sample];
    scratch.resize(record.size);
    EOA_RETURN_IF_ERROR(files_[record.shard].ReadAt(record.offset, scratch));
    return RecordView(EncodedView{scratch});
  }

  std::string Describe(std::uint32_t sample) const override {
    const Record& record = records_[sample];
    return files_[record.shard].path() + ": " + record.name;
  }

 private:
  std::vector<ReadOnlyFile> files_;
  std::vector<Record> records_;
};

// "dir/00012.seg.png" has the key "dir/00012" and the extension ".seg.png".
std::pair<std::string_view, std::string_view> SplitKey(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t dot = name.find('.', slash == std::string_view::npos ? 0 : slash + 1);
  if (dot == std::string_view::npos) return {name, {}};
  return {name.substr(0, dot), name.substr(dot)};
}

// The files of one sample, gathered while they follow each other.
struct Group {
  std::string_view key;
  const TarEntry* image = nullptr;
  const TarEntry* label = nullptr;
};

class ShardReader {
 public:
  ShardReader(const ReadOnlyFile& file, std::uint32_t number, Shards& shards)
      : file_(file), number_(number), shards_(shards) {}

  Status Run() {
    EOA_ASSIGN_OR_RETURN(const std::vector<TarEntry> entries, IndexTar(file_));
    Group group;
    for (const TarEntry& entry : entries) {
      const auto [key, extension] = SplitKey(entry.name);
      const bool image = HasImageExtension(extension) && extension.rfind('.') == 0;
      if (!image && extension != ".cls") continue;
      if (key != group.key) {
        EOA_RETURN_IF_ERROR(Close(group));
        group = {key, nullptr, nullptr};
      }
      const TarEntry*& place = image ? group.image : group.label;
      if (place != nullptr) return Broken(entry.name, "a second file of its kind for this sample");
      place = &entry;
    }
    return Close(group);
  }

 private:
  Error Broken(std::string_view record, const std::string& what) const {
    return DataLossError(file_.path() + ", " + std::string(record) + ": " + what);
  }

  Status Close(const Group& group) {
    if (group.image == nullptr && group.label == nullptr) return OkStatus();
    if (group.image == nullptr) return Broken(group.key, "no .jpg, .jpeg or .png file beside the .cls file");
    if (group.label == nullptr) return Broken(group.key, "no .cls file beside the image");
    if (group.image->size > kMaxImageFileBytes) {
      return Broken(group.image->name, "the image has " + std::to_string(group.image->size) + " bytes; at most " +
                                           std::to_string(kMaxImageFileBytes) + " are read");
    }
    EOA_ASSIGN_OR_RETURN(const std::int32_t label, ReadLabel(*group.label));
    shards_.labels.push_back(label);
    shards_.records.push_back({number_, group.image->offset, group.image->size, group.image->name});
    return OkStatus();
  }

  Result<std::int32_t> ReadLabel(const TarEntry& entry) const {
    std::string text(std::min(entry.size, kMaxLabelBytes), '\0');
    EOA_RETURN_IF_ERROR(file_.ReadAt(entry.offset, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
    text.erase(text.find_last_not_of(" \r\n\t") + 1);
    const auto label = ParseInteger(text);
    if (!label.ok() || *label < 0 || *label >= kMaxClasses) {
      return Broken(entry.name, "expected the class's number, 0 to " + std::to_string(kMaxClasses - 1));
    }
    return static_cast<std::int32_t>(*label);
  }

  const ReadOnlyFile& file_;
  std::uint32_t number_;
  Shards& shards_;
};

Result<Shards> ReadShards(const std::string& directory, std::string_view prefix) {
  Shards shards;
  EOA_ASSIGN_OR_RETURN(const std::vector<std::string> names, RealFileSystem().ListDirectory(directory));
  for (const std::string& name : names) {
    if (!name.starts_with(prefix) || !name.ends_with(".tar")) continue;
    EOA_ASSIGN_OR_RETURN(ReadOnlyFile file, ReadOnlyFile::Open(JoinPath(directory, name)));
    EOA_RETURN_IF_ERROR(ShardReader(file, static_cast<std::uint32_t>(shards.files.size()), shards).Run());
    shards.files.push_back(std::move(file));
  }
  return shards;
}

Status CheckLabels(const Shards& shards, std::size_t classes) {
  for (std::size_t i = 0; i < shards.labels.size(); ++i) {
    if (std::cmp_less(shards.labels[i], classes)) continue;
    const Record& record = shards.records[i];
    return DataLossError(shards.files[record.shard].path() + ", " + record.name + ": label " +
                         std::to_string(shards.labels[i]) + "; expected 0 to " + std::to_string(classes - 1));
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<DataSource>> OpenWebDataset(const std::string& directory, Split split) {
  EOA_ASSIGN_OR_RETURN(Shards train, ReadShards(directory, "train"));
  if (train.labels.empty())
    return NotFoundError("no samples in " + directory +
                         "/train*.tar; expected tar archives with KEY.jpg and KEY.cls for each");
  const int needed = *std::ranges::max_element(train.labels) + 1;
  const std::string names_file = JoinPath(directory, "classes.txt");
  std::vector<std::string> classes = NumberedClasses(needed);
  if (RealFileSystem().Exists(names_file)) {
    EOA_ASSIGN_OR_RETURN(classes, ReadClassNames(names_file, 0));
  }
  EOA_RETURN_IF_ERROR(CheckLabels(train, classes.size()));
  if (split == Split::kTrain)
    return std::unique_ptr<DataSource>(std::make_unique<WebDatasetSource>(std::move(train), std::move(classes)));
  EOA_ASSIGN_OR_RETURN(Shards test, ReadShards(directory, "test"));
  if (test.labels.empty()) {
    EOA_ASSIGN_OR_RETURN(test, ReadShards(directory, "val"));
  }
  if (test.labels.empty()) return NotFoundError("no samples in " + directory + "/test*.tar or val*.tar");
  EOA_RETURN_IF_ERROR(CheckLabels(test, classes.size()));
  return std::unique_ptr<DataSource>(std::make_unique<WebDatasetSource>(std::move(test), std::move(classes)));
}

}  // namespace eoa::train
