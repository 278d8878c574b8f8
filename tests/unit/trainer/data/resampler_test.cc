#include "trainer/data/resampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

std::vector<int> Channel(PixelView image, std::size_t channel) {
  std::vector<int> values;
  for (std::size_t i = channel; i < image.rgb.size(); i += 3) values.push_back(image.rgb[i]);
  return values;
}

void ExpectNear(const std::vector<int>& actual, const std::vector<int>& expected, int tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], tolerance) << "pixel " << i;
}

// What Pillow 11's Image.resize(..., BILINEAR) makes of Patterned(7, 5). It rounds to whole values after each of its
// two passes and has weights of 22 bits, so it may differ by one.
TEST(Resampler, AgreesWithPillowWhenShrinking) {
  const TestImage image = Patterned(7, 5);
  Resampler resampler;
  const PixelView small = resampler.Resize(image.view(), {0, 0, 7, 5}, 3);
  ExpectNear(Channel(small, 0), {61, 144, 154, 157, 134, 133, 159, 141, 115}, 1);
  ExpectNear(Channel(small, 2), {157, 103, 110, 99, 123, 112, 155, 126, 142}, 1);
}

TEST(Resampler, AgreesWithPillowOnABox) {
  const TestImage image = Patterned(7, 5);
  Resampler resampler;
  const PixelView part = resampler.Resize(image.view(), {1, 1, 5, 3}, 3);
  ExpectNear(Channel(part, 0), {119, 203, 127, 192, 96, 142, 169, 131, 94}, 1);
  ExpectNear(Channel(part, 2), {61, 113, 165, 102, 148, 52, 175, 98, 164}, 1);
}

TEST(Resampler, AgreesWithPillowWhenGrowing) {
  const TestImage image = Patterned(7, 5);
  Resampler resampler;
  const auto red = Channel(resampler.Resize(image.view(), {0, 0, 7, 5}, 9), 0);
  ExpectNear({red.begin(), red.begin() + 9}, {0, 25, 53, 82, 111, 140, 169, 197, 222}, 1);
  ExpectNear({red.end() - 9, red.end()}, {236, 119, 97, 160, 223, 87, 93, 156, 210}, 1);
}

TEST(Resampler, AgreesWithTheFilterSummedInTwoDimensions) {
  const TestImage image = Patterned(61, 47);
  const Box box{3.25, 1.5, 50.75, 40.125};
  constexpr int kSize = 13;
  Resampler resampler;
  const PixelView actual = resampler.Resize(image.view(), box, kSize);
  const double scale_x = box.width / kSize;
  const double scale_y = box.height / kSize;
  const auto weight = [](double distance, double scale) {
    return std::max(0.0, 1 - std::abs(distance) / std::max(1.0, scale));
  };
  for (int row = 0; row < kSize; ++row) {
    for (int column = 0; column < kSize; ++column) {
      double sum = 0;
      double total = 0;
      for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
          const double w = weight(x + 0.5 - box.left - (column + 0.5) * scale_x, scale_x) *
                           weight(y + 0.5 - box.top - (row + 0.5) * scale_y, scale_y);
          sum += w * image.rgb[static_cast<std::size_t>(3 * (y * image.width + x))];
          total += w;
        }
      }
      // Half a unit from rounding, and a little for float weights.
      EXPECT_NEAR(actual.rgb[static_cast<std::size_t>(3 * (row * kSize + column))], sum / total, 0.51);
    }
  }
}

TEST(Resampler, KeepsAnImageOfTheSameSize) {
  const TestImage image = Patterned(16, 16);
  Resampler resampler;
  const PixelView same = resampler.Resize(image.view(), {0, 0, 16, 16}, 16);
  EXPECT_TRUE(std::ranges::equal(same.rgb, image.rgb));
}

TEST(Resampler, KeepsAColourWhateverTheSizes) {
  Resampler resampler;
  for (const int side : {1, 2, 31, 200}) {
    for (const int size : {1, 8, 224}) {
      const TestImage image = Plain(side, side, 255, 0, 77);
      const PixelView out = resampler.Resize(image.view(), {0, 0, 1.0 * side, 1.0 * side}, size);
      const auto count = static_cast<std::size_t>(size * size);
      EXPECT_EQ(Channel(out, 0), std::vector<int>(count, 255)) << side << " to " << size;
      EXPECT_EQ(Channel(out, 1), std::vector<int>(count, 0)) << side << " to " << size;
      EXPECT_EQ(Channel(out, 2), std::vector<int>(count, 77)) << side << " to " << size;
    }
  }
}

}  // namespace
}  // namespace eoa::train
