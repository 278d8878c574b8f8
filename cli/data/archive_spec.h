// The data sets that `eoa data` knows, as their authors publish them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace eoa::data {

// Where the authors of CIFAR publish it (A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009).
inline constexpr std::string_view kAuthorsUrl = "https://www.cs.toronto.edu/~kriz/";

struct ArchiveFile {
  std::string name;
  std::uint64_t bytes = 0;  // 0: whatever it has, up to kMaxTextBytes
};

inline constexpr std::uint64_t kMaxTextBytes = 64 * 1024;

// A gzipped tar file and what is wanted of it.
struct ArchiveSpec {
  std::string dataset;  // as in a job file
  std::string file_name;
  std::uint64_t bytes = 0;
  std::string md5;     // 32 lower-case hex digits, as the authors give it
  std::string folder;  // in the archive; the files' names follow
  std::vector<ArchiveFile> files;
};

// InvalidArgument, naming what there is, for another data set.
Result<ArchiveSpec> FindArchive(std::string_view dataset);

}  // namespace eoa::data
