// Journal: a StateStore in one append-only file. docs/file-formats.md has the format.
//
// Cut at any byte, by a crash or a full disk, it holds every event whose Append returned: an unfinished record at the
// end is dropped with a warning. A damaged record anywhere else is DataLoss with its position; nothing is repaired
// silently.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/event.h"
#include "broker/core/state_store.h"
#include "common/base/file_system.h"
#include "common/base/result.h"

namespace eoa::broker {

// A journal never grows beyond this: Append answers ResourceExhausted before.
inline constexpr std::uint64_t kMaxJournalBytes = std::uint64_t{256} << 20;

// Opens the journal of the job with this uid and makes it when it is not there. `files` outlives the store.
// InvalidArgument when the file is no journal, or one of another job or format version; DataLoss when it is damaged.
Result<std::unique_ptr<StateStore>> OpenJournal(const std::string& path, const std::string& job_uid, FileSystem& files);

// The parts of the format, for OpenJournal and tests. Pure.
std::string EncodeJournalHeader(std::string_view job_uid);
std::string EncodeJournalRecord(const Event& event);

struct JournalContent {
  std::vector<Event> events;
  // Header and whole records; what follows is an unfinished record. 0: there is not even a whole header.
  std::uint64_t valid_bytes = 0;
};
Result<JournalContent> DecodeJournal(std::string_view bytes, std::string_view job_uid);

}  // namespace eoa::broker
