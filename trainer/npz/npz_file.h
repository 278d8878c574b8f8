// NpzFile: the arrays of a .npz archive (numpy.savez, numpy.savez_compressed), read one at a time.
//
// Opening reads names, types and shapes only. pread in place of a memory map, for the reason that ReadOnlyFile gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "trainer/checkpoint/safetensors.h"
#include "trainer/data/read_only_file.h"
#include "trainer/npz/zip_directory.h"

namespace eoa::train {

struct NpzArray {
  std::string name;  // without ".npy"
  ElementType type = ElementType::kFloat32;
  std::vector<std::int64_t> shape;  // row-major
  std::uint64_t bytes = 0;
  std::size_t header_size = 0;
  ZipEntry entry;
};

// Thread-safety: const methods may be called from any thread.
class NpzFile {
 public:
  // DataLoss and InvalidArgument name the array and say what is wrong with it.
  static Result<NpzFile> Open(const std::string& path);

  const std::vector<NpzArray>& arrays() const { return arrays_; }

  // The elements of a stored array through `piece`, which is filled again and again; `take` gets the number of bytes in
  // it. DataLoss, after the last piece, when the checksum does not match. InvalidArgument for a deflated array.
  Status ReadInPieces(const NpzArray& array, std::span<std::byte> piece,
                      const std::function<void(std::size_t bytes)>& take) const;

  // Fills `bytes`, which has array.bytes of them, with the elements. DataLoss when the checksum does not match.
  Status Read(const NpzArray& array, std::span<std::uint8_t> bytes) const;

 private:
  explicit NpzFile(ReadOnlyFile file) : file_(std::move(file)) {}

  Status ReadStored(const NpzArray& array, const std::function<std::span<std::uint8_t>(std::uint64_t at)>& room,
                    const std::function<void(std::size_t bytes)>& take) const;
  Result<std::vector<std::uint8_t>> Inflate(const ZipEntry& entry) const;
  Result<NpzArray> Describe(const ZipEntry& entry) const;

  ReadOnlyFile file_;
  std::vector<NpzArray> arrays_;
};

}  // namespace eoa::train
