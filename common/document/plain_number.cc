#include "common/document/plain_number.h"

#include <array>
#include <charconv>
#include <cmath>

#include "common/base/number.h"

namespace eoa::api {

std::string PlainNumber(double value) {
  const double size = std::abs(value);
  if (value == 0 || size < 1e-6 || size >= 1e15) return FormatNumber(value);
  std::array<char, 64> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return {buffer.data(), result.ptr};
}

}  // namespace eoa::api
