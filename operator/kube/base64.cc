#include "operator/kube/base64.h"

#include <cstdint>

namespace eoa::kube {

std::optional<std::string> DecodeBase64(std::string_view text) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string decoded;
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char character : text) {
    if (character == '\n' || character == '\r') continue;
    if (character == '=') {
      ++padding;
      continue;
    }
    const std::size_t digit = kDigits.find(character);
    if (digit == std::string_view::npos || padding > 0) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    // 24 bits are three bytes.
    if (++digits % 4 == 0) {
      for (const int shift : {16, 8, 0}) decoded.push_back(static_cast<char>((bits >> shift) & 0xff));
      bits = 0;
    }
  }
  const std::size_t rest = digits % 4;
  if (rest == 1 || (rest == 0 ? padding != 0 : padding != 4 - rest)) return std::nullopt;
  if (rest >= 2) decoded.push_back(static_cast<char>((bits >> (rest == 2 ? 4 : 10)) & 0xff));
  if (rest == 3) decoded.push_back(static_cast<char>((bits >> 2) & 0xff));
  return decoded;
}

}  // namespace eoa::kube
