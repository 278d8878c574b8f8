// Any bytes as a safetensors file. The arrays of what is accepted must lie within the bytes, and be found again in a
// file written from them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "trainer/checkpoint/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file = eoa::train::ParseSafetensors(bytes);
  if (!file.ok()) {
    EOA_CHECK(!file.error().message().empty(), "an error says why");
    return 0;
  }
  std::size_t total = 0;
  for (const auto& array : file->arrays) {
    EOA_CHECK(array.data.data() >= bytes.data() && array.data.data() + array.data.size() <= bytes.data() + size,
              "an array within the file");
    total += array.data.size();
  }
  EOA_CHECK(total <= size, "arrays do not overlap");
  const auto header = eoa::train::EncodeSafetensorsHeader(file->arrays, file->metadata);
  EOA_CHECK(header.ok(), "what was read can be written");
  std::string written = *header;
  for (const auto& array : file->arrays) written += array.data;
  const auto again = eoa::train::ParseSafetensors(written);
  EOA_CHECK(again.ok() && again->arrays.size() == file->arrays.size(), "as many arrays as before");
  return 0;
}
