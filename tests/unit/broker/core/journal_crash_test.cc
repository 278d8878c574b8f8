// A crash or a full disk at every single write of the journal: every event whose Append returned is there afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "broker/core/journal.h"
#include "tests/fakes/faulty_file_system.h"

namespace eoa::broker {
namespace {

using Fault = FaultyFileSystem::Fault;

constexpr int kEvents = 5;

Event Numbered(int number) { return PopulationStopped{"wolves", "event " + std::to_string(number)}; }

// How many of Numbered(0), Numbered(1), ... the journal at `path` holds; -1 when it is anything else.
int Held(FaultyFileSystem& files) {
  if (!files.Exists("/run/journal")) return 0;
  const auto content = DecodeJournal(files.ReadFile("/run/journal", kMaxJournalBytes).value(), "uid");
  if (!content.ok()) return -1;
  int count = 0;
  for (const Event& event : content->events) {
    if (ToJson(event) != ToJson(Numbered(count))) return -1;
    ++count;
  }
  return count;
}

class JournalCrash : public testing::TestWithParam<Fault> {};

TEST_P(JournalCrash, HoldsEveryEventThatWasAcknowledged) {
  for (int write = 0; write < 40; ++write) {
    SCOPED_TRACE("write " + std::to_string(write));
    FaultyFileSystem files;
    files.FailAt(write, GetParam());
    int acknowledged = 0;
    {
      const auto journal = OpenJournal("/run/journal", "uid", files);
      while (journal.ok() && acknowledged < kEvents && (*journal)->Append(Numbered(acknowledged)).ok()) ++acknowledged;
    }
    files.Restart(true);
    const int held = Held(files);
    // One more may have got there whose answer did not.
    EXPECT_GE(held, acknowledged);
    EXPECT_LE(held, acknowledged + 1);
    // And it goes on from there.
    const auto journal = OpenJournal("/run/journal", "uid", files);
    ASSERT_TRUE(journal.ok()) << journal.error().ToString();
    ASSERT_TRUE((*journal)->Append(Numbered(held)).ok());
    files.Restart(true);
    EXPECT_EQ(Held(files), held + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, JournalCrash, testing::Values(Fault::kCrash, Fault::kDiskFull));

}  // namespace
}  // namespace eoa::broker
