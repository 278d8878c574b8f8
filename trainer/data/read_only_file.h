// ReadOnlyFile: a file of a data set, read at any offset by any thread.
//
// pread in place of a memory map: a file that is cut or a disk that fails while the job runs is an Error, where a map
// would end the process (SIGBUS).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/base/descriptor.h"
#include "common/base/result.h"

namespace eoa::train {

// Thread-safety: const methods may be called from any thread.
class ReadOnlyFile {
 public:
  // NotFound, PermissionDenied, ...; DataLoss when it is not a regular file.
  static Result<ReadOnlyFile> Open(const std::string& path);

  const std::string& path() const { return path_; }

  // When it was opened.
  std::uint64_t size() const { return size_; }

  // Fills `bytes` from `offset`. DataLoss when the file ends before.
  Status ReadAt(std::uint64_t offset, std::span<std::uint8_t> bytes) const;

 private:
  ReadOnlyFile(std::string path, Descriptor descriptor, std::uint64_t size)
      : path_(std::move(path)), descriptor_(std::move(descriptor)), size_(size) {}

  std::string path_;
  Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

// Whether the file could be read whole, as below, without opening it: three times as quick, which tells where there are
// a million.
Status CheckReadable(const std::string& path, std::uint64_t limit);

// The whole file, into `bytes`, whose capacity is reused. DataLoss when it is larger than `limit`.
Status ReadWhole(const std::string& path, std::uint64_t limit, std::vector<std::uint8_t>& bytes);

}  // namespace eoa::train
