// The names of a data set's classes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace eoa::train {

// A bound on what a label in a file can make the trainer allocate.
inline constexpr int kMaxClasses = 1 << 20;

// "class 0", "class 1", ...
std::vector<std::string> NumberedClasses(int count);

// The file's lines, without blank ones; NumberedClasses(count) when there is no such file. `count` 0: as many as the
// file names. DataLoss when the file names another number of classes than `count`.
Result<std::vector<std::string>> ReadClassNames(const std::string& path, int count);

}  // namespace eoa::train
