// The data sets that a job can name and what is known of them without reading one: a row for each. Pure values.
#pragma once

#include <span>

#include "common/job/job.h"

namespace eoa::api {

struct DatasetRow {
  Dataset dataset;
  int classes;  // 0, also below: only the data tell
  int training_images;
  int image_side;             // pixels
  Augmentation augmentation;  // unless the job or its model say another

  // Always the same images, which `eoa data` fetches.
  bool official() const { return training_images > 0; }
};

// In the order of Dataset.
std::span<const DatasetRow> Datasets();
const DatasetRow& RowOf(Dataset dataset);

// Whether images are brought to any size that a model wants.
bool Resizes(Augmentation augmentation);

}  // namespace eoa::api
