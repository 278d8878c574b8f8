// Any bytes as a broker's journal. What is accepted must be found again in a journal written from it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "broker/core/journal.h"
#include "common/base/check.h"
#include "common/base/json_guard.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto content = eoa::broker::DecodeJournal(bytes, "uid");
  if (!content.ok()) {
    EOA_CHECK(!content.error().message().empty(), "an error says why");
    return 0;
  }
  EOA_CHECK(content->valid_bytes <= size, "no more is valid than there is");
  std::string written = eoa::broker::EncodeJournalHeader("uid");
  for (const auto& event : content->events) written += eoa::broker::EncodeJournalRecord(event);
  const auto again = eoa::broker::DecodeJournal(written, "uid");
  EOA_CHECK(again.ok() && again->events.size() == content->events.size(), "as many events as before");
  for (std::size_t i = 0; i < again->events.size(); ++i) {
    EOA_CHECK(
        eoa::DumpJson(eoa::broker::ToJson(again->events[i])) == eoa::DumpJson(eoa::broker::ToJson(content->events[i])),
        "the same events as before");
  }
  return 0;
}
