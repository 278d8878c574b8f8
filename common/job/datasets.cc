#include "common/job/datasets.h"

#include <array>

namespace eoa::api {
namespace {

constexpr std::array<DatasetRow, 4> kRows = {{
    {Dataset::kCifar10, 10, 50'000, 32, Augmentation::kCifar},
    {Dataset::kCifar100, 100, 50'000, 32, Augmentation::kCifar},
    {Dataset::kImageFolder, 0, 0, 0, Augmentation::kImageNet},
    {Dataset::kWebDataset, 0, 0, 0, Augmentation::kImageNet},
}};

}  // namespace

std::span<const DatasetRow> Datasets() { return kRows; }

const DatasetRow& RowOf(Dataset dataset) { return kRows.at(static_cast<std::size_t>(dataset)); }

bool Resizes(Augmentation augmentation) {
  return augmentation == Augmentation::kVit || augmentation == Augmentation::kVitFlip ||
         augmentation == Augmentation::kImageNet;
}

}  // namespace eoa::api
