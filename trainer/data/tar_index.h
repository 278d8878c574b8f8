// Where the files of a tar archive lie, so that they can be read in any order.
//
// Reads POSIX ustar and pax archives and GNU ones with long names and binary sizes, as tar, Python's tarfile and
// WebDataset's writers make them. (Libraries read archives front to back only.) Specification: POSIX.1-2017, pax,
// "ustar Interchange Format" and "pax Interchange Format"; GNU tar manual, "Basic Tar Format".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/read_only_file.h"

namespace eoa::train {

// A regular file in the archive; offset + size is within the archive.
struct TarEntry {
  std::string name;
  std::uint64_t offset = 0;  // of its first byte in the archive
  std::uint64_t size = 0;    // bytes
};

// The archive's regular files in their order; folders, links and devices are left out. DataLoss names the archive and
// the byte at which it breaks the format: a wrong checksum, a member that goes past the end, no end-of-archive block
// (a download that was cut), a compressed archive, a sparse member.
Result<std::vector<TarEntry>> IndexTar(const ReadOnlyFile& archive);

// DataLoss that says what to do about a compressed archive.
Error CompressedArchive(const std::string& path);

}  // namespace eoa::train
