#include "trainer/model/channel_kernels.h"

#include <cstring>

namespace eoa::train {
namespace {

// One block of channels: a register with AVX-512, else the compiler splits it.
using Lanes = float __attribute__((vector_size(kChannelBlock * sizeof(float))));

[[gnu::always_inline]] inline Lanes Load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}

[[gnu::always_inline]] inline void Store(const Lanes& lanes, float* to) { std::memcpy(to, &lanes, sizeof(lanes)); }

// dy where ReLU let z through; written so that a NaN gets through too.
[[gnu::always_inline]] inline Lanes Passed(const Lanes& z, const Lanes& dy) { return z <= 0 ? Lanes{} : dy; }

// Calls add(row, turn) for all rows. Sums are kept in several registers, one for each turn, so that one addition need
// not wait for the last.
constexpr int kTurns = 4;

template <typename F>
[[gnu::always_inline]] inline void InTurns(std::int64_t rows, F add) {
  std::int64_t row = 0;
  for (; row + kTurns <= rows; row += kTurns) {
    for (int turn = 0; turn < kTurns; ++turn) add(row + turn, turn);
  }
  for (; row < rows; ++row) add(row, 0);
}

[[gnu::always_inline]] inline Lanes Total(const Lanes (&sums)[kTurns]) {
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

struct Moments {
  [[gnu::always_inline]] static void Run(Rows rows, float* mean, float* squares) {
    for (std::int64_t c = 0; c < rows.channels; c += kChannelBlock) {
      const float* x = rows.x + c;
      Lanes sums[kTurns] = {};
      InTurns(rows.rows, [&](std::int64_t row, int turn) { sums[turn] += Load(x + row * rows.channels); });
      const Lanes center = Total(sums) / static_cast<float>(rows.rows);
      Lanes distances[kTurns] = {};
      InTurns(rows.rows, [&](std::int64_t row, int turn) {
        const Lanes apart = Load(x + row * rows.channels) - center;
        distances[turn] += apart * apart;
      });
      Store(center, mean + c);
      Store(Total(distances), squares + c);
    }
  }
};

struct NormaliseRelu {
  [[gnu::always_inline]] static void Run(Rows rows, Normalisation by, float* y) {
    for (std::int64_t row = 0; row < rows.rows; ++row) {
      for (std::int64_t c = 0; c < rows.channels; c += kChannelBlock) {
        const std::int64_t at = row * rows.channels + c;
        const Lanes z = Load(rows.x + at) * Load(by.scale + c) + Load(by.shift + c);
        Store(Passed(z, z), y + at);
      }
    }
  }
};

struct GradientSums {
  [[gnu::always_inline]] static void Run(Rows rows, Normalisation by, const float* dy, float* sum, float* product) {
    for (std::int64_t c = 0; c < rows.channels; c += kChannelBlock) {
      const Lanes mean = Load(by.mean + c);
      const Lanes scale = Load(by.scale + c);
      const Lanes shift = Load(by.shift + c);
      Lanes sums[kTurns] = {};
      Lanes products[kTurns] = {};
      InTurns(rows.rows, [&](std::int64_t row, int turn) {
        const std::int64_t at = row * rows.channels + c;
        const Lanes x = Load(rows.x + at);
        const Lanes dz = Passed(x * scale + shift, Load(dy + at));
        sums[turn] += dz;
        products[turn] += dz * (x - mean);
      });
      Store(Total(sums), sum + c);
      Store(Total(products), product + c);
    }
  }
};

struct Gradient {
  [[gnu::always_inline]] static void Run(Rows rows, Normalisation by, const float* dy, const float* offset,
                                         const float* slope, float* dx) {
    for (std::int64_t row = 0; row < rows.rows; ++row) {
      for (std::int64_t c = 0; c < rows.channels; c += kChannelBlock) {
        const std::int64_t at = row * rows.channels + c;
        const Lanes x = Load(rows.x + at);
        const Lanes scale = Load(by.scale + c);
        const Lanes dz = Passed(x * scale + Load(by.shift + c), Load(dy + at));
        Store(scale * (dz - Load(offset + c) - Load(slope + c) * (x - Load(by.mean + c))), dx + at);
      }
    }
  }
};

template <typename Kernel, typename... Args>
void WithPlain(Args... args) {
  Kernel::Run(args...);
}

template <typename Kernel, typename... Args>
[[gnu::target("avx2,fma")]] void WithAvx2(Args... args) {
  Kernel::Run(args...);
}

template <typename Kernel, typename... Args>
[[gnu::target("avx512f,fma")]] void WithAvx512(Args... args) {
  Kernel::Run(args...);
}

constexpr ChannelKernels kPlain = {WithPlain<Moments>, WithPlain<NormaliseRelu>, WithPlain<GradientSums>,
                                   WithPlain<Gradient>};
constexpr ChannelKernels kAvx2 = {WithAvx2<Moments>, WithAvx2<NormaliseRelu>, WithAvx2<GradientSums>,
                                  WithAvx2<Gradient>};
constexpr ChannelKernels kAvx512 = {WithAvx512<Moments>, WithAvx512<NormaliseRelu>, WithAvx512<GradientSums>,
                                    WithAvx512<Gradient>};

}  // namespace

const ChannelKernels& FastestChannelKernels() {
  if (__builtin_cpu_supports("avx512f")) return kAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return kAvx2;
  return kPlain;
}

}  // namespace eoa::train
