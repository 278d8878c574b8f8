#include "trainer/data/jpeg_bits.h"

#include <algorithm>

namespace eoa::train {

std::size_t HuffmanCode::Set(std::span<const std::uint8_t> table) {
  constexpr std::size_t kLengths = 16;
  if (table.size() < kLengths) return 0;
  int code = 0;
  int total = 0;
  for (std::size_t length = 1; length <= kLengths; ++length) {
    first_[length] = code;
    count_[length] = table[length - 1];
    offset_[length] = total;
    total += count_[length];
    code = (code + count_[length]) << 1;
  }
  const auto symbols = static_cast<std::size_t>(total);
  if (symbols > symbols_.size() || table.size() - kLengths < symbols) return 0;
  std::copy_n(table.begin() + kLengths, symbols, symbols_.begin());
  return kLengths + symbols;
}

std::optional<int> HuffmanCode::Find(int length, int code) const {
  const auto at = static_cast<std::size_t>(length);
  const int place = code - first_[at];
  if (place < 0 || place >= count_[at]) return std::nullopt;
  return symbols_[static_cast<std::size_t>(offset_[at]) + static_cast<std::size_t>(place)];
}

std::optional<int> JpegBits::Bit() {
  if (left_ == 0) {
    if (!AnyByteLeft()) return std::nullopt;
    current_ = data_[at_];
    at_ += current_ == 0xFF ? 2 : 1;  // a zero is stuffed behind
    left_ = 8;
  }
  --left_;
  return static_cast<int>(current_ >> left_ & 1);
}

bool JpegBits::AnyByteLeft() const {
  if (at_ >= data_.size()) return false;
  return data_[at_] != 0xFF || (at_ + 1 < data_.size() && data_[at_ + 1] == 0);
}

std::optional<int> JpegBits::Decode(const HuffmanCode& code) {
  int bits = 0;
  for (int length = 1; length <= 16; ++length) {
    const std::optional<int> bit = Bit();
    if (!bit) return std::nullopt;
    bits = bits << 1 | *bit;
    if (const std::optional<int> symbol = code.Find(length, bits)) return symbol;
  }
  return std::nullopt;
}

std::optional<int> JpegBits::Unsigned(int size) {
  int value = 0;
  for (int i = 0; i < size; ++i) {
    const std::optional<int> bit = Bit();
    if (!bit) return std::nullopt;
    value = value << 1 | *bit;
  }
  return value;
}

std::optional<int> JpegBits::Signed(int size) {
  const std::optional<int> value = Unsigned(size);
  if (!value || size == 0) return value;
  return *value < 1 << (size - 1) ? *value - (1 << size) + 1 : *value;
}

}  // namespace eoa::train
