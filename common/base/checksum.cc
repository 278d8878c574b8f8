#include "common/base/checksum.h"

#include <zlib.h>

namespace eoa {

std::uint32_t Crc32(std::string_view data, std::uint32_t previous) {
  return static_cast<std::uint32_t>(::crc32_z(previous, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

}  // namespace eoa
