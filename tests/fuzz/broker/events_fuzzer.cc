// Two bytes, then lines: those that are events make a journal, which is cut at a byte that the first two choose. Every
// event before the cut must be there, unchanged, and nothing else; an event whose bytes are damaged must be noticed.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/journal.h"
#include "common/base/check.h"
#include "common/base/json_guard.h"

using eoa::broker::DecodeJournal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t choice = data[0] + std::size_t{256} * data[1];
  std::istringstream lines(std::string(reinterpret_cast<const char*>(data) + 2, size - 2));
  std::string journal = eoa::broker::EncodeJournalHeader("uid");
  std::vector<std::size_t> ends;
  std::vector<std::string> events;
  for (std::string line; std::getline(lines, line);) {
    const auto document = eoa::ParseJson(line);
    if (!document.ok()) continue;
    const auto event = eoa::broker::EventFromJson(*document);
    if (!event.ok()) continue;
    journal += eoa::broker::EncodeJournalRecord(*event);
    ends.push_back(journal.size());
    events.push_back(eoa::DumpJson(eoa::broker::ToJson(*event)));
  }
  const std::size_t cut = choice % (journal.size() + 1);
  const auto content = DecodeJournal(std::string_view(journal).substr(0, cut), "uid");
  EOA_CHECK(content.ok(), "a cut journal can be read");
  std::size_t whole = 0;
  while (whole < ends.size() && ends[whole] <= cut) ++whole;
  EOA_CHECK(content->events.size() == whole, "every whole record and nothing else");
  for (std::size_t i = 0; i < whole; ++i) {
    EOA_CHECK(eoa::DumpJson(eoa::broker::ToJson(content->events[i])) == events[i], "the event as it was written");
  }
  if (events.size() < 2) return 0;
  // All but the last record: there a damaged byte may be a write that never ended.
  journal[choice % ends[ends.size() - 2]] ^= 1;
  EOA_CHECK(!DecodeJournal(journal, "uid").ok(), "damage is noticed");
  return 0;
}
