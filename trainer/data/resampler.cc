#include "trainer/data/resampler.h"

#include <algorithm>
#include <cmath>

namespace eoa::train {
namespace {

std::size_t Count(int value) { return static_cast<std::size_t>(value); }

}  // namespace

void Resampler::Axis::Compute(int source_size, double begin, double length, int size) {
  taps.resize(Count(size));
  weights.clear();
  const double scale = length / size;
  const double support = std::max(scale, 1.0);
  for (int target = 0; target < size; ++target) {
    const double centre = begin + (target + 0.5) * scale;
    const int first = std::clamp(static_cast<int>(std::floor(centre - support + 0.5)), 0, source_size - 1);
    const int last = std::clamp(static_cast<int>(std::floor(centre + support + 0.5)), first + 1, source_size);
    const std::size_t start = weights.size();
    double sum = 0;
    for (int source = first; source < last; ++source) {
      const double weight = std::max(0.0, 1 - std::abs(source + 0.5 - centre) / support);
      sum += weight;
      weights.push_back(static_cast<float>(weight));
    }
    for (std::size_t i = start; i < weights.size(); ++i) {
      weights[i] = sum > 0 ? static_cast<float>(weights[i] / sum) : 1.0F / static_cast<float>(last - first);
    }
    taps[Count(target)] = {first, last - first, static_cast<int>(start)};
  }
}

PixelView Resampler::Resize(PixelView image, const Box& box, int size) {
  columns_.Compute(image.width, box.left, box.width, size);
  rows_.Compute(image.height, box.top, box.height, size);
  const std::size_t line = 3 * Count(size);
  const int first_row = rows_.taps.front().first;
  const int last_row = rows_.taps.back().first + rows_.taps.back().count;
  wide_.resize(Count(last_row - first_row) * line);
  for (int row = first_row; row < last_row; ++row) {
    const std::uint8_t* source = image.rgb.data() + 3 * Count(row) * Count(image.width);
    float* target = wide_.data() + Count(row - first_row) * line;
    for (const Taps& taps : columns_.taps) {
      float red = 0;
      float green = 0;
      float blue = 0;
      const std::uint8_t* pixel = source + 3 * Count(taps.first);
      const float* weight = columns_.weights.data() + taps.weights;
      for (int i = 0; i < taps.count; ++i, pixel += 3, ++weight) {
        red += *weight * static_cast<float>(pixel[0]);
        green += *weight * static_cast<float>(pixel[1]);
        blue += *weight * static_cast<float>(pixel[2]);
      }
      *target++ = red;
      *target++ = green;
      *target++ = blue;
    }
  }
  pixels_.resize(Count(size) * line);
  for (int row = 0; row < size; ++row) {
    const Taps& taps = rows_.taps[Count(row)];
    line_.assign(line, 0.0F);
    for (int i = 0; i < taps.count; ++i) {
      const float weight = rows_.weights[Count(taps.weights + i)];
      const float* source = wide_.data() + Count(taps.first + i - first_row) * line;
      for (std::size_t k = 0; k < line; ++k) line_[k] += weight * source[k];
    }
    std::uint8_t* target = pixels_.data() + Count(row) * line;
    for (std::size_t k = 0; k < line; ++k) target[k] = static_cast<std::uint8_t>(std::min(line_[k] + 0.5F, 255.0F));
  }
  return {size, size, pixels_};
}

}  // namespace eoa::train
