#include "common/base/checksum.h"

#include <libdeflate.h>

namespace eoa {

std::uint32_t Crc32(std::string_view data, std::uint32_t previous) {
  return ::libdeflate_crc32(previous, data.data(), data.size());
}

}  // namespace eoa
