// WebDatasets: tar archives ("shards") DIRECTORY/train*.tar and DIRECTORY/test*.tar (or val*.tar in place of test).
//
// The files of one sample follow each other and share their name up to the first dot: KEY.jpg (or .jpeg, .png) and
// KEY.cls, which holds the class's number in ASCII. Files with other extensions are ignored.
// Format: https://github.com/webdataset/webdataset.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "trainer/data/data_source.h"

namespace eoa::train {

// Samples are ordered by the shards' names and their place in the shard. Classes: the lines of DIRECTORY/classes.txt,
// or as many as the training set's labels need. Besides IndexTar's errors: NotFound when there are no shards, DataLoss
// for a sample without an image or a label, or with a label that is not a class.
Result<std::unique_ptr<DataSource>> OpenWebDataset(const std::string& directory, Split split);

}  // namespace eoa::train
