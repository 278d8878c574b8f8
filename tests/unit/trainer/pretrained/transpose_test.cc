#include "trainer/pretrained/transpose.h"

#include <vector>

#include <gtest/gtest.h>

namespace eoa::train {
namespace {

TEST(TransposeInto, LaysRowsAsColumnsForAnyShapeAndTouchesNothingElse) {
  for (const std::int64_t rows : {1, 3, 4, 15, 16, 17, 40}) {
    for (const std::int64_t columns : {1, 2, 4, 7, 63, 64, 70, 130}) {
      const std::int64_t stride = rows + 5;
      std::vector<float> source(static_cast<std::size_t>(rows * columns));
      for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<float>(i) + 1;
      std::vector<float> target(static_cast<std::size_t>(stride * columns), -1);
      TransposeInto(source.data(), rows, columns, target.data(), stride);
      for (std::int64_t column = 0; column < columns; ++column) {
        for (std::int64_t row = 0; row < stride; ++row) {
          const float expected = row < rows ? source[static_cast<std::size_t>(row * columns + column)] : -1;
          ASSERT_EQ(target[static_cast<std::size_t>(column * stride + row)], expected)
              << rows << " x " << columns << ": row " << row << ", column " << column;
        }
      }
    }
  }
}

}  // namespace
}  // namespace eoa::train
