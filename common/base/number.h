// Numbers as text, the same on every machine and in every locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace eoa {

// The shortest text that reads back as the same double: "0.1", "1e-06", "nan", "inf".
std::string FormatNumber(double value);

// `value` rounded to `digits` significant digits: "0.213".
std::string FormatShort(double value, int digits);

// The whole text as a number: no spaces, no hex, finite. InvalidArgument otherwise.
Result<double> ParseNumber(std::string_view text);
Result<std::int64_t> ParseInteger(std::string_view text);

}  // namespace eoa
