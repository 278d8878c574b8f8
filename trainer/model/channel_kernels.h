// The arithmetic of batch normalisation followed by ReLU, over rows of channels: an activation [N, C, H, W] in
// channels-last memory order is N*H*W rows of C floats. Each kernel walks once over its rows, in AVX-512, AVX2 or plain
// instructions, as the machine has them. Pure; thread-safe.
#pragma once

#include <cstdint>

namespace eoa::train {

// Channels come in multiples of this.
inline constexpr std::int64_t kChannelBlock = 16;

struct Rows {
  const float* x = nullptr;
  std::int64_t rows = 0;
  std::int64_t channels = 0;
};

// z = scale x + shift normalises, one number of each for a channel.
struct Normalisation {
  const float* mean = nullptr;
  const float* scale = nullptr;
  const float* shift = nullptr;
};

struct ChannelKernels {
  // Of each channel: the mean over the rows, and the sum of the squared distances from it.
  void (*moments)(Rows rows, float* mean, float* squares);

  // y = max(z, 0). NaN stays NaN.
  void (*normalise_relu)(Rows rows, Normalisation by, float* y);

  // With dz = dy where z > 0, else 0: the sums over the rows of dz and of dz (x - mean).
  void (*gradient_sums)(Rows rows, Normalisation by, const float* dy, float* sum, float* product);

  // dx = scale (dz - offset - slope (x - mean)).
  void (*gradient)(Rows rows, Normalisation by, const float* dy, const float* offset, const float* slope, float* dx);
};

// Those for this machine.
const ChannelKernels& FastestChannelKernels();

}  // namespace eoa::train
