// What augment.cc does on the CPU and cuda/augment.cu on the GPU, value by value.
#pragma once

#include <cstdint>

#include <c10/core/Device.h>

#ifdef __CUDACC__
#define EOA_HOST_DEVICE __host__ __device__
#else
#define EOA_HOST_DEVICE
#endif

namespace eoa::train {

// The tensors of MakeBatch (augment.h).
struct BatchArrays {
  const std::uint8_t* images;
  const float* table;
  const std::int32_t* recipes;
  float* out;
  std::int64_t count;
  std::int64_t size;
};

// Value `index` of the result, in memory order: image, row, column, channel.
EOA_HOST_DEVICE inline float ValueOf(const BatchArrays& arrays, std::int64_t index) {
  const auto size = static_cast<std::int32_t>(arrays.size);
  const auto channel = static_cast<std::int32_t>(index % 3);
  const std::int64_t pixel = index / 3;
  const auto x = static_cast<std::int32_t>(pixel % size);
  const auto y = static_cast<std::int32_t>(pixel / size % size);
  const std::int32_t* const recipe = arrays.recipes + pixel / size / size * 8;
  if (y >= recipe[4] && x >= recipe[5] && y < recipe[6] && x < recipe[7]) return 0;
  const std::int32_t column = (recipe[3] != 0 ? size - 1 - x : x) + recipe[1];
  const std::int32_t row = y + recipe[2];
  const bool inside = column >= 0 && column < size && row >= 0 && row < size;
  const std::int64_t from = ((static_cast<std::int64_t>(recipe[0]) * size + row) * size + column) * 3 + channel;
  return arrays.table[channel * 256 + (inside ? arrays.images[from] : 0)];
}

void LaunchMakeBatch(const BatchArrays& arrays, c10::Device device);

}  // namespace eoa::train
