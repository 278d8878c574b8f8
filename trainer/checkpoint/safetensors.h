// The safetensors format: named arrays that every other tool reads.
//
//   8 bytes   length N of the header, little-endian
//   N bytes   the header, JSON: {"__metadata__": {string: string},
//             NAME: {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...}
//   the rest  the arrays' bytes, row-major, little-endian; offsets count from here, leave no hole and do not overlap
//
// Specification: https://huggingface.co/docs/safetensors. No LibTorch here. Pure functions but for WriteSafetensors;
// safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/result.h"

namespace eoa::train {

enum class ElementType { kFloat64, kFloat32, kFloat16, kBFloat16, kInt64, kInt32, kUint8 };

// Bytes of one element.
std::size_t ElementSize(ElementType type);

// One array. `data` is borrowed: from the tensor that is written, from the bytes that were parsed.
struct NamedArray {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::vector<std::int64_t> shape;  // empty: a scalar
  std::string_view data;
};

using Metadata = std::map<std::string, std::string>;

struct Safetensors {
  Metadata metadata;
  std::vector<NamedArray> arrays;  // by position in the file

  // Null when there is none of that name.
  const NamedArray* Find(std::string_view name) const;
};

// Takes a whole file apart, without copying the arrays. DataLoss says what is wrong: a truncated file, an array whose
// bytes do not match its shape, a hole, an overlap, a type that is not among ElementType.
Result<Safetensors> ParseSafetensors(std::string_view bytes);

// The length and the header for these arrays, in this order; the arrays' data has to follow. Padded so that data starts
// at a multiple of 8. InvalidArgument when a name occurs twice or an array's data does not match its shape.
Result<std::string> EncodeSafetensorsHeader(const std::vector<NamedArray>& arrays, const Metadata& metadata);

struct WrittenFile {
  std::uint32_t crc32 = 0;  // of the whole file
  std::uint64_t bytes = 0;
};

enum class Durability {
  kDurable,    // survives a power cut once the function returns
  kTransient,  // as soon as possible; after a power cut it may be torn, which its checksum shows
};

// Writes beside `path` and renames, so that readers see the whole file or none.
Result<WrittenFile> WriteSafetensors(FileSystem& files, const std::string& path, const std::vector<NamedArray>& arrays,
                                     const Metadata& metadata, Durability durability);

}  // namespace eoa::train
