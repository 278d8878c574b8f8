// Events that version 0.1 stored, of every kind, with and without what is optional: they are read, and written again
// to the last byte.
#include <gtest/gtest.h>

#include "broker/core/journal.h"
#include "common/base/json_guard.h"
#include "tests/stored_file.h"

namespace eoa::broker {
namespace {

using nlohmann::json;

constexpr const char* kUid = "0b7c1a52";

std::string ReadAndWritten(const json& document) {
  const Result<Event> event = EventFromJson(document);
  return event.ok() ? DumpJson(ToJson(*event)) : event.error().ToString();
}

TEST(StoredEvents, AreReadAndWrittenTheSame) {
  for (const std::string& line : StoredLines("events.jsonl")) EXPECT_EQ(ReadAndWritten(*ParseJson(line)), line);
}

TEST(StoredEvents, MayLeaveOutOrHoldNullForWhatIsOptional) {
  for (const std::string& line : StoredLines("lenient-events.jsonl")) {
    const json pair = *ParseJson(line);
    EXPECT_EQ(ReadAndWritten(pair["stored"]), DumpJson(pair["means"]));
  }
}

TEST(StoredEvents, OfAJournalAreAllThere) {
  const std::string bytes = StoredFile("journal");
  const Result<JournalContent> content = DecodeJournal(bytes, kUid);
  ASSERT_TRUE(content.ok()) << content.error().ToString();
  EXPECT_EQ(content->valid_bytes, bytes.size());
  std::string again = EncodeJournalHeader(kUid);
  for (const Event& event : content->events) again += EncodeJournalRecord(event);
  EXPECT_EQ(again, bytes);
  EXPECT_EQ(content->events.size(), StoredLines("events.jsonl").size());
}

}  // namespace
}  // namespace eoa::broker
