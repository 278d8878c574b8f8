// Hexadecimal text, in small letters.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace eoa {

// Two digits for each byte: "00ff".
std::string Hex(std::span<const unsigned char> bytes);

// The last `digits` digits of `value`: HexNumber(255, 4) is "00ff".
std::string HexNumber(std::uint64_t value, int digits);

}  // namespace eoa
