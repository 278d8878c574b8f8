#include "common/base/file_system.h"
#include "trainer/data/cifar_source.h"
#include "trainer/data/data_source.h"
#include "trainer/data/image_folder_source.h"
#include "trainer/data/memory_source.h"
#include "trainer/data/web_dataset_source.h"

namespace eoa::train {
namespace {

Result<std::unique_ptr<DataSource>> Open(const api::DatasetSpec& dataset, Split split,
                                         const std::vector<std::string>& classes) {
  switch (dataset.name) {
    case api::Dataset::kCifar10:
      return OpenCifar10(dataset.path, split);
    case api::Dataset::kCifar100:
      return OpenCifar100(dataset.path, split);
    case api::Dataset::kImageFolder:
      return OpenImageFolder(dataset.path, split, classes);
    case api::Dataset::kWebDataset:
      return OpenWebDataset(dataset.path, split, classes);
  }
  return InternalError("this kind of data set has no reader");
}

}  // namespace

Result<std::unique_ptr<DataSource>> IndexDataSource(const api::DatasetSpec& dataset, Split split,
                                                    const std::vector<std::string>& classes) {
  if (!RealFileSystem().IsDirectory(dataset.path)) {
    return NotFoundError("no folder " + dataset.path + " (dataset.path)");
  }
  return Open(dataset, split, classes);
}

Result<std::unique_ptr<DataSource>> OpenDataSource(const api::DatasetSpec& dataset, Split split,
                                                   const std::vector<std::string>& classes) {
  EOA_ASSIGN_OR_RETURN(auto source, IndexDataSource(dataset, split, classes));
  return HoldInMemory(std::move(source), kDecodedBytesLimit, dataset.path);
}

}  // namespace eoa::train
