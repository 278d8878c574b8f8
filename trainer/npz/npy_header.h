// The header of a .npy array: magic bytes, version, and a Python dictionary of type, order and shape.
// Format: numpy.lib.format (NEP 1). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/result.h"
#include "trainer/checkpoint/safetensors.h"

namespace eoa::train {

// No header that numpy writes for an array of numbers is longer.
inline constexpr std::size_t kMaxNpyHeader = 4096;

struct NpyHeader {
  ElementType type = ElementType::kFloat32;
  std::vector<std::int64_t> shape;  // empty: a scalar
  std::uint64_t elements = 1;
  std::size_t size = 0;  // bytes before the data
};

// From the first bytes of an array (kMaxNpyHeader of them, or all). Little-endian f8, f4, f2, i8, i4, u1, and V2, as
// which ml_dtypes.bfloat16 is saved; row-major only. InvalidArgument for other types and for Fortran order, DataLoss
// for what is no such header.
Result<NpyHeader> ParseNpyHeader(std::span<const std::uint8_t> bytes);

}  // namespace eoa::train
