// Points in time as text, as JSON APIs write them (RFC 3339). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace eoa {

// "2026-11-23T12:00:00Z", with three decimals "2026-11-23T12:00:00.000Z". Always UTC; further decimals are cut off.
// `decimals`: 0 to 9.
std::string FormatTimestamp(WallTime time, int decimals = 0);

// Reads what RFC 3339 allows, with any number of decimals and any offset; nothing for everything else.
std::optional<WallTime> ParseTimestamp(std::string_view text);

}  // namespace eoa
