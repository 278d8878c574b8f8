#include "common/base/random.h"

#include <cmath>

#include "common/base/check.h"

namespace eoa {
namespace {

constexpr std::uint32_t Low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t High(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

}  // namespace

std::uint64_t Random::NextBelow(std::uint64_t bound) {
  EOA_CHECK(bound >= 1, "NextBelow needs a bound of at least 1");
  const auto value = static_cast<std::uint64_t>(std::floor(NextUniform() * static_cast<double>(bound)));
  // The product can round up to the bound when the bound needs more than 53 bits.
  return value < bound ? value : bound - 1;
}

std::uint64_t HashName(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

std::array<std::uint32_t, 4> Philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {High(product1) ^ counter[1] ^ key[0], Low(product1), High(product0) ^ counter[3] ^ key[1],
               Low(product0)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

SeededRandom::SeededRandom(std::uint64_t seed, StreamId stream) {
  // The stream's 128 bits and the position do not fit the counter together, so seed and stream are first mixed by the
  // generator itself into the key and the counter's upper half.
  const auto mixed = Philox4x32({Low(stream.key), High(stream.key), Low(stream.sequence), High(stream.sequence)},
                                {Low(seed), High(seed)});
  key_ = {mixed[0], mixed[1]};
  counter_ = {0, 0, mixed[2], mixed[3]};
}

std::uint64_t SeededRandom::NextBits() {
  if (used_ == 4) {
    block_ = Philox4x32(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  const auto at = static_cast<std::size_t>(used_);
  used_ += 2;
  return (std::uint64_t{block_[at]} << 32) | block_[at + 1];
}

double SeededRandom::NextUniform() { return static_cast<double>(NextBits() >> 11) * 0x1p-53; }

double RecordedRandom::NextUniform() {
  EOA_CHECK(next_ < uniforms_.size(), "the recorded random numbers are used up");
  return uniforms_[next_++];
}

}  // namespace eoa
