#include "cli/data/archive_spec.h"

namespace eoa::data {

Result<ArchiveSpec> FindArchive(std::string_view dataset) {
  if (dataset == "cifar10") {
    constexpr std::uint64_t kBatch = 10'000 * (1 + 3072);
    return ArchiveSpec{.dataset = "cifar10",
                       .file_name = "cifar-10-binary.tar.gz",
                       .bytes = 170'052'171,
                       .md5 = "c32a1d4ab5d03f1284b67883e8d87530",
                       .folder = "cifar-10-batches-bin",
                       .files = {{"batches.meta.txt"},
                                 {"data_batch_1.bin", kBatch},
                                 {"data_batch_2.bin", kBatch},
                                 {"data_batch_3.bin", kBatch},
                                 {"data_batch_4.bin", kBatch},
                                 {"data_batch_5.bin", kBatch},
                                 {"test_batch.bin", kBatch}}};
  }
  if (dataset == "cifar100") {
    constexpr std::uint64_t kRecord = 2 + 3072;
    return ArchiveSpec{.dataset = "cifar100",
                       .file_name = "cifar-100-binary.tar.gz",
                       .bytes = 168'513'733,
                       .md5 = "03b5dce01913d631647c71ecec9e9cb8",
                       .folder = "cifar-100-binary",
                       .files = {{"coarse_label_names.txt"},
                                 {"fine_label_names.txt"},
                                 {"train.bin", 50'000 * kRecord},
                                 {"test.bin", 10'000 * kRecord}}};
  }
  return InvalidArgumentError("unknown data set '" + std::string(dataset) + "'; there are cifar10 and cifar100");
}

}  // namespace eoa::data
