// The table of contents of a ZIP archive, as numpy.savez writes it: with or without ZIP64, entries stored or deflated.
//
// The central directory at the end counts: local headers repeat it, and what writes archives as a stream leaves sizes
// out of them. Archives are treated as hostile: entries that overlap, reach outside, share a name, are encrypted or
// claim to inflate beyond what deflate can do are refused. Specification: PKWARE's APPNOTE.TXT 6.3. Thread-safety: pure
// functions of the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/read_only_file.h"

namespace eoa::train {

enum class ZipMethod { kStored, kDeflated };

struct ZipEntry {
  std::string name;
  ZipMethod method = ZipMethod::kStored;
  std::uint32_t crc32 = 0;            // of the contents
  std::uint64_t offset = 0;           // of the entry's data in the file
  std::uint64_t compressed_size = 0;  // bytes in the file
  std::uint64_t size = 0;             // bytes of the contents
};

// In the directory's order. DataLoss says what is damaged, and where; InvalidArgument when an entry is encrypted, split
// over several files or compressed by another method.
Result<std::vector<ZipEntry>> ReadZipDirectory(const ReadOnlyFile& file);

}  // namespace eoa::train
