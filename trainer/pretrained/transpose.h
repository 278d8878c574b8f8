// TransposeInto: lays the rows of a kernel as columns into a weight, tile by tile, so that neither side is read or
// written from memory twice. Pure.
#pragma once

#include <cstdint>

namespace eoa::train {

// Rows that should come at once: a cache line of each of the target's rows.
inline constexpr std::int64_t kTransposedRows = 16;

// target[column * stride + row] = source[row * columns + column] for all rows and columns.
void TransposeInto(const float* source, std::int64_t rows, std::int64_t columns, float* target, std::int64_t stride);

}  // namespace eoa::train
