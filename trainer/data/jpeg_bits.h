// The bits and Huffman codes of a JPEG's scans (ITU-T T.81, annexes C and F).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace eoa::train {

class HuffmanCode {
 public:
  // From the 16 counts and the symbols of a DHT segment; how many bytes they take, 0 when they are no code.
  std::size_t Set(std::span<const std::uint8_t> table);

  // The symbol of a code of `length` bits, if it is one.
  std::optional<int> Find(int length, int code) const;

 private:
  std::array<int, 17> first_{};   // by length: its first code
  std::array<int, 17> count_{};   // and how many there are
  std::array<int, 17> offset_{};  // and where their symbols begin
  std::array<std::uint8_t, 256> symbols_{};
};

// Reads up to the next marker. Every method fails when there are no more bits.
class JpegBits {
 public:
  explicit JpegBits(std::span<const std::uint8_t> data) : data_(data) {}

  std::optional<int> Decode(const HuffmanCode& code);
  std::optional<int> Unsigned(int size);
  std::optional<int> Signed(int size);  // T.81's EXTEND
  bool Skip(int size) { return Unsigned(size).has_value(); }

  // Whether the bits left in the byte that was begun are ones.
  bool RestIsOnes() const { return (current_ & ((1U << left_) - 1)) == (1U << left_) - 1; }

  // Whether a byte that was not begun comes before the marker.
  bool AnyByteLeft() const;

  // Bytes of the data that were begun.
  std::size_t used() const { return at_; }

 private:
  std::optional<int> Bit();

  std::span<const std::uint8_t> data_;
  std::size_t at_ = 0;
  unsigned current_ = 0;
  int left_ = 0;
};

}  // namespace eoa::train
