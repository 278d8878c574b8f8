#include "trainer/data/web_dataset_source.h"

#include <algorithm>
#include <utility>

#include "common/base/file_system.h"
#include "trainer/data/class_names.h"
#include "trainer/data/web_shard.h"

namespace eoa::train {
namespace {

class WebDatasetSource final : public DataSource {
 public:
  WebDatasetSource(WebShards shards, std::vector<std::string> classes)
      : DataSource(std::move(shards.labels), std::move(classes)),
        files_(std::move(shards.files)),
        records_(std::move(shards.records)) {}

  Result<RecordView> Read(std::uint32_t sample, std::vector<std::uint8_t>& scratch) const override {
    const WebRecord& record = records_[sample];
    scratch.resize(record.size);
    EOA_RETURN_IF_ERROR(files_[record.shard].ReadAt(record.offset, scratch));
    return RecordView(EncodedView{scratch});
  }

  std::string Describe(std::uint32_t sample) const override {
    const WebRecord& record = records_[sample];
    return files_[record.shard].path() + ": " + record.name;
  }

 private:
  std::vector<ShardFile> files_;
  std::vector<WebRecord> records_;
};

Status CheckLabels(const WebShards& shards, std::size_t classes) {
  for (std::size_t i = 0; i < shards.labels.size(); ++i) {
    if (std::cmp_less(shards.labels[i], classes)) continue;
    const WebRecord& record = shards.records[i];
    return DataLossError(shards.files[record.shard].path() + ", " + record.name + ": label " +
                         std::to_string(shards.labels[i]) + "; expected 0 to " + std::to_string(classes - 1) +
                         ", the classes of the training set");
  }
  return OkStatus();
}

// For a message, when the wanted ones are not there.
std::string OtherArchives(const std::string& directory) {
  const auto names = RealFileSystem().ListDirectory(directory);
  if (!names.ok()) return "";
  for (const std::string& name : *names) {
    const bool known = name.starts_with("train") || name.starts_with("test") || name.starts_with("val");
    if (!known && name.ends_with(".tar")) {
      return "; there are archives with other names, such as " + name + ": their names must begin with train or test";
    }
  }
  return "";
}

std::unique_ptr<DataSource> Made(WebShards shards, std::vector<std::string> classes) {
  return std::make_unique<WebDatasetSource>(std::move(shards), std::move(classes));
}

}  // namespace

Result<std::unique_ptr<DataSource>> OpenWebDataset(const std::string& directory, Split split,
                                                   std::vector<std::string> classes) {
  const std::string names_file = JoinPath(directory, "classes.txt");
  std::vector<std::string> names;
  if (RealFileSystem().Exists(names_file)) {
    EOA_ASSIGN_OR_RETURN(names, ReadClassNames(names_file, 0));
  }
  if (split == Split::kTrain || classes.empty()) {
    EOA_ASSIGN_OR_RETURN(WebShards train, ReadWebShards(directory, "train", names));
    if (train.labels.empty()) {
      return NotFoundError("no samples in " + directory +
                           "/train*.tar; expected tar archives with KEY.jpg and KEY.cls for each" +
                           OtherArchives(directory));
    }
    classes = names.empty() ? NumberedClasses(*std::ranges::max_element(train.labels) + 1) : names;
    EOA_RETURN_IF_ERROR(CheckLabels(train, classes.size()));
    if (split == Split::kTrain) return Made(std::move(train), std::move(classes));
  }
  EOA_ASSIGN_OR_RETURN(WebShards test, ReadWebShards(directory, "test", names));
  if (test.labels.empty()) {
    EOA_ASSIGN_OR_RETURN(test, ReadWebShards(directory, "val", names));
  }
  if (test.labels.empty())
    return NotFoundError("no samples in " + directory + "/test*.tar or val*.tar" + OtherArchives(directory));
  EOA_RETURN_IF_ERROR(CheckLabels(test, classes.size()));
  return Made(std::move(test), std::move(classes));
}

}  // namespace eoa::train
