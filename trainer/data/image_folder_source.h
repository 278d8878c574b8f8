// Image folders: ROOT/{train,test}/CLASS/NAME.jpg (or val in place of test; other endings: image_file.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"

namespace eoa::train {

// Classes are the sorted names of the folders in ROOT/train that hold anything, for both splits; a class's samples are
// its files by name. `classes`: the training split's, for the test split; read again when there are none. NotFound: no
// such folder; DataLoss: a class without images, a class of the test split that train/ lacks, a name that is not UTF-8.
Result<std::unique_ptr<DataSource>> OpenImageFolder(const std::string& root, Split split,
                                                    std::vector<std::string> classes = {});

}  // namespace eoa::train
