// Random: the only source of random numbers. One of the five seams (docs/architecture.md).
//
// Production uses SeededRandom: a counter-based Philox4x32-10 generator (Salmon et al., "Parallel random numbers: as
// easy as 1, 2, 3", SC'11). Its numbers are a function of (seed, stream, position) alone, in integer arithmetic, so
// they are the same on any machine, and streams are independent without coordination. RecordedRandom replays numbers
// that somebody wrote down.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace eoa {

// Thread-safety: none; one owner at a time.
class Random {
 public:
  virtual ~Random() = default;

  // Uniform in [0, 1), a multiple of 2^-53.
  virtual double NextUniform() = 0;

  // Uniform in [0, bound), for bound >= 1. The default takes one NextUniform(), so that a recorded stream can serve it;
  // its bias is below bound / 2^53.
  virtual std::uint64_t NextBelow(std::uint64_t bound);
};

// Identifies a stream under one seed: what the numbers are for, so that no two uses share numbers.
struct StreamId {
  std::uint64_t key = 0;       // HashName("evolve/wolves"), for example
  std::uint64_t sequence = 0;  // the generation, the epoch, ...
};

// FNV-1a, 64 bits: stable across machines and releases. Not for hash tables under attack.
std::uint64_t HashName(std::string_view name);

class SeededRandom final : public Random {
 public:
  SeededRandom(std::uint64_t seed, StreamId stream);
  double NextUniform() override;

  // 64 uniform bits.
  std::uint64_t NextBits();

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;  // words of block_ already handed out
};

// Hands out the given numbers in order. Reading past the end is a bug of the caller and ends the process.
class RecordedRandom final : public Random {
 public:
  explicit RecordedRandom(std::vector<double> uniforms) : uniforms_(std::move(uniforms)) {}
  double NextUniform() override;
  std::size_t remaining() const { return uniforms_.size() - next_; }

 private:
  std::vector<double> uniforms_;
  std::size_t next_ = 0;
};

// Philox4x32-10's block function, public for its known-answer test (Random123's kat_vectors).
std::array<std::uint32_t, 4> Philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

}  // namespace eoa
