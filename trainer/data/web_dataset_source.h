// WebDatasets: tar archives ("shards") DIRECTORY/train*.tar and DIRECTORY/test*.tar (or val*.tar in place of test).
//
// The files of one sample share their name up to the first dot, wherever they lie in the archive: KEY.jpg (or another
// image, image_file.h) and its class in KEY.cls, KEY.json or KEY.txt (web_label.h). Files with other extensions are
// ignored. Format: https://github.com/webdataset/webdataset.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"

namespace eoa::train {

// Samples are ordered by the shards' names and the images' places in the shard. Classes: the lines of
// DIRECTORY/classes.txt, or as many as the training set's labels need; `classes`: those of the training split, for the
// test split; without them they are read again. Besides IndexTar's errors: NotFound when there are no shards, DataLoss
// for a compressed shard, a sample without an image or a label, or with a label that is not a class.
Result<std::unique_ptr<DataSource>> OpenWebDataset(const std::string& directory, Split split,
                                                   std::vector<std::string> classes = {});

}  // namespace eoa::train
