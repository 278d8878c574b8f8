#include "trainer/data/geometry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace eoa::train {
namespace {

void ExpectBox(const Box& box, double left, double top, double width, double height) {
  EXPECT_NEAR(box.left, left, 1e-9);
  EXPECT_NEAR(box.top, top, 1e-9);
  EXPECT_NEAR(box.width, width, 1e-9);
  EXPECT_NEAR(box.height, height, 1e-9);
}

TEST(CentreSquare, LiesInTheMiddle) {
  ExpectBox(CentreSquare(400, 200, 1), 100, 0, 200, 200);
  ExpectBox(CentreSquare(256, 512, 224.0 / 256), 16, 144, 224, 224);
}

// area 0.5, ratio 1: a square of side round(sqrt(5000)) = 71, at the places 0.5 * (100 - 71 + 1) = 15.
TEST(RandomResizedCrop, FollowsTorchvisionsFormula) {
  RecordedRandom random({0.0, 0.5, 0.5, 0.9});
  ExpectBox(RandomResizedCrop(random, 100, 100, 0.5), 27, 15, 71, 71);
}

TEST(RandomResizedCrop, StaysWithinImageAreaAndRatio) {
  SeededRandom random(1, {});
  double least = 1;
  double most = 0;
  for (int i = 0; i < 5000; ++i) {
    const Box box = RandomResizedCrop(random, 320, 240, 0.08);
    ASSERT_GE(box.left, 0);
    ASSERT_GE(box.top, 0);
    ASSERT_LE(box.left + box.width, 320);
    ASSERT_LE(box.top + box.height, 240);
    const double area = box.width * box.height / (320.0 * 240.0);
    // Both sides are rounded to whole pixels, and the smallest crop's shorter side has 67.
    ASSERT_GE(area, 0.08 * 0.98);
    ASSERT_LE(box.width / box.height, 4.0 / 3 * 1.02);
    ASSERT_GE(box.width / box.height, 3.0 / 4 * 0.98);
    least = std::min(least, area);
    most = std::max(most, area);
  }
  EXPECT_LT(least, 0.1);
  EXPECT_GT(most, 0.95);
}

TEST(RandomResizedCrop, FallsBackToTheCentreOfAnImageThatIsTooNarrow) {
  SeededRandom random(1, {});
  ExpectBox(RandomResizedCrop(random, 1000, 3, 0.9), 498, 0, 4, 3);
  ExpectBox(RandomResizedCrop(random, 3, 1000, 0.9), 0, 498, 3, 4);
  ExpectBox(RandomResizedCrop(random, 1, 1, 0.05), 0, 0, 1, 1);
}

TEST(CutoutSquare, MayHangOverEveryEdge) {
  RecordedRandom first({0.0, 0.0});
  const Square corner = CutoutSquare(first, 32, 16);
  EXPECT_EQ((std::vector{corner.top, corner.left, corner.bottom, corner.right}), (std::vector{0, 0, 8, 8}));
  RecordedRandom last({0.999, 0.5});
  const Square right = CutoutSquare(last, 32, 16);
  EXPECT_EQ((std::vector{right.top, right.left, right.bottom, right.right}), (std::vector{8, 23, 24, 32}));
}

}  // namespace
}  // namespace eoa::train
