// Image folders: ROOT/{train,test}/CLASS/NAME.jpg (or val in place of test; .jpeg and .png too).
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "trainer/data/data_source.h"

namespace eoa::train {

// Classes are the sorted names of the folders in ROOT/train, for both splits; a class's samples are its files by name.
// NotFound: no such folder; InvalidArgument: a class without images, a class of the test split that train/ lacks.
Result<std::unique_ptr<DataSource>> OpenImageFolder(const std::string& root, Split split);

}  // namespace eoa::train
