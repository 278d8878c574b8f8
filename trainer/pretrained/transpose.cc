#include "trainer/pretrained/transpose.h"

#include <algorithm>
#include <cstring>

namespace eoa::train {
namespace {

constexpr std::int64_t kSide = 4;
constexpr std::int64_t kTileColumns = 64;

using Vector = float __attribute__((vector_size(kSide * sizeof(float))));

Vector Load(const float* from) {
  Vector value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

void Store(const Vector& value, float* to) { std::memcpy(to, &value, sizeof(value)); }

void TransposeSquare(const float* source, std::int64_t columns, float* target, std::int64_t stride) {
  const Vector a = Load(source);
  const Vector b = Load(source + columns);
  const Vector c = Load(source + 2 * columns);
  const Vector d = Load(source + 3 * columns);
  const Vector ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Vector ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Vector cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Vector cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  Store(__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), target);
  Store(__builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7), target + stride);
  Store(__builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), target + 2 * stride);
  Store(__builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7), target + 3 * stride);
}

}  // namespace

void TransposeInto(const float* source, std::int64_t rows, std::int64_t columns, float* target, std::int64_t stride) {
  const std::int64_t square_rows = rows / kSide * kSide;
  const std::int64_t square_columns = columns / kSide * kSide;
  for (std::int64_t tile_row = 0; tile_row < square_rows; tile_row += kTransposedRows) {
    const std::int64_t row_end = std::min(tile_row + kTransposedRows, square_rows);
    for (std::int64_t tile = 0; tile < square_columns; tile += kTileColumns) {
      const std::int64_t column_end = std::min(tile + kTileColumns, square_columns);
      for (std::int64_t row = tile_row; row < row_end; row += kSide) {
        for (std::int64_t column = tile; column < column_end; column += kSide) {
          TransposeSquare(source + row * columns + column, columns, target + column * stride + row, stride);
        }
      }
    }
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = row < square_rows ? square_columns : 0; column < columns; ++column) {
      target[column * stride + row] = source[row * columns + column];
    }
  }
}

}  // namespace eoa::train
