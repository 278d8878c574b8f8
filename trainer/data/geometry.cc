#include "trainer/data/geometry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace eoa::train {
namespace {

constexpr double kLeastRatio = 3.0 / 4.0;
constexpr double kGreatestRatio = 4.0 / 3.0;
constexpr int kTries = 10;

int Below(Random& random, int bound) { return static_cast<int>(random.NextBelow(static_cast<std::uint64_t>(bound))); }

Box Centred(int width, int height, double box_width, double box_height) {
  return {(width - box_width) / 2, (height - box_height) / 2, box_width, box_height};
}

}  // namespace

Box CentreSquare(int width, int height, double fraction) {
  const double side = std::min(width, height) * fraction;
  return Centred(width, height, side, side);
}

Box RandomResizedCrop(Random& random, int width, int height, double least_area) {
  const double area = static_cast<double>(width) * height;
  for (int i = 0; i < kTries; ++i) {
    const double target = area * (least_area + (1 - least_area) * random.NextUniform());
    const double ratio = kLeastRatio * std::pow(kGreatestRatio / kLeastRatio, random.NextUniform());
    const int box_width = static_cast<int>(std::lround(std::sqrt(target * ratio)));
    const int box_height = static_cast<int>(std::lround(std::sqrt(target / ratio)));
    if (box_width < 1 || box_height < 1 || box_width > width || box_height > height) continue;
    const int top = Below(random, height - box_height + 1);
    const int left = Below(random, width - box_width + 1);
    return {static_cast<double>(left), static_cast<double>(top), static_cast<double>(box_width),
            static_cast<double>(box_height)};
  }
  const double ratio = std::clamp(static_cast<double>(width) / height, kLeastRatio, kGreatestRatio);
  const double box_width = std::min<double>(width, height * ratio);
  return Centred(width, height, box_width, box_width / ratio);
}

Square CutoutSquare(Random& random, int size, int side) {
  const int left = Below(random, size) - side / 2;
  const int top = Below(random, size) - side / 2;
  return {std::max(0, top), std::max(0, left), std::min(size, top + side), std::min(size, left + side)};
}

}  // namespace eoa::train
