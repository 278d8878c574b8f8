// Any bytes as an agent's record. What is accepted must be the same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "trainer/agent/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto record = eoa::agent::RecordFromText({reinterpret_cast<const char*>(data), size});
  if (!record.ok()) {
    EOA_CHECK(!record.error().message().empty(), "an error says why");
    return 0;
  }
  const std::string text = eoa::agent::RecordToText(*record);
  const auto again = eoa::agent::RecordFromText(text);
  EOA_CHECK(again.ok() && eoa::agent::RecordToText(*again) == text, "the same record as before");
  return 0;
}
