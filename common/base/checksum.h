// CRC-32 (IEEE 802.3, as in zip and gzip): detects torn and damaged files, not forged ones.
#pragma once

#include <cstdint>
#include <string_view>

namespace eoa {

// `previous` is the CRC of the data before, so that a stream can be summed in pieces; 0 at the start.
std::uint32_t Crc32(std::string_view data, std::uint32_t previous = 0);

}  // namespace eoa
