#include "common/base/number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace eoa {
namespace {

template <typename... Format>
std::string ToChars(double value, Format... format) {
  std::array<char, 64> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format...);
  return {buffer.data(), result.ptr};
}

template <typename T>
Result<T> Parse(std::string_view text, std::string_view kind) {
  T value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    return InvalidArgumentError("'" + std::string(text) + "' is too large or too small for " + std::string(kind));
  }
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    return InvalidArgumentError("'" + std::string(text) + "' is not " + std::string(kind));
  }
  return value;
}

}  // namespace

std::string FormatNumber(double value) { return ToChars(value); }
std::string FormatShort(double value, int digits) { return ToChars(value, std::chars_format::general, digits); }

Result<double> ParseNumber(std::string_view text) {
  EOA_ASSIGN_OR_RETURN(const double value, Parse<double>(text, "a number"));
  if (!std::isfinite(value)) return InvalidArgumentError("'" + std::string(text) + "' is not a finite number");
  return value;
}

Result<std::int64_t> ParseInteger(std::string_view text) { return Parse<std::int64_t>(text, "an integer"); }

}  // namespace eoa
