// A crash or a full disk at every single write of a checkpoint: what is read afterwards is what was written, or an
// error.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/faulty_file_system.h"
#include "trainer/checkpoint/checkpoint.h"

namespace eoa::train {
namespace {

using Fault = FaultyFileSystem::Fault;

Status Save(FaultyFileSystem& files, int generation, const std::string& data) {
  const NamedArray array{
      .name = "a", .type = ElementType::kUint8, .shape = {static_cast<std::int64_t>(data.size())}, .data = data};
  return CheckpointDirectory(files, "/pod").Save(generation, "weights", {array}, {});
}

// The data; "lost" for DataLoss.
std::string Read(FaultyFileSystem& files, int generation) {
  const Result<CheckpointPart> part = CheckpointDirectory(files, "/pod").Load(generation, "weights");
  if (part.ok()) return std::string(part->contents.Find("a")->data);
  EXPECT_EQ(part.error().code(), ErrorCode::kDataLoss) << part.error().ToString();
  return "lost";
}

// Does `work` again and again, with the fault at its first, second, ... write, until it meets none.
void AtEveryWrite(Fault fault, bool removals_survive, const std::function<Status(FaultyFileSystem&)>& before,
                  const std::function<Status(FaultyFileSystem&)>& work,
                  const std::function<void(FaultyFileSystem&, bool done)>& check) {
  for (int write = 0;; ++write) {
    SCOPED_TRACE("write " + std::to_string(write));
    FaultyFileSystem files;
    ASSERT_TRUE(before(files).ok());
    const int first = files.writes();
    files.FailAt(write, fault);
    const bool done = work(files).ok();
    const bool met_none = files.writes() - first <= write;
    files.Restart(removals_survive);
    check(files, done);
    ASSERT_LT(write, 100);
    if (met_none) return;
  }
}

class Crash : public testing::TestWithParam<std::tuple<Fault, bool>> {};

TEST_P(Crash, ANewCheckpointIsWholeOrLostAndTheOneBeforeStays) {
  const auto [fault, removals_survive] = GetParam();
  AtEveryWrite(
      fault, removals_survive, [](FaultyFileSystem& files) { return Save(files, 1, "first"); },
      [](FaultyFileSystem& files) { return Save(files, 2, "second"); },
      [](FaultyFileSystem& files, bool done) {
        EXPECT_EQ(Read(files, 1), "first");
        EXPECT_THAT(Read(files, 2), testing::AnyOf("second", done ? "second" : "lost"));
        // What was left does not hinder the next attempt.
        ASSERT_TRUE(Save(files, 2, "again").ok());
        files.Restart(true);
        EXPECT_EQ(Read(files, 2), "again");
      });
}

TEST_P(Crash, ACheckpointThatIsWrittenAgainIsTheOldOneTheNewOneOrLost) {
  const auto [fault, removals_survive] = GetParam();
  AtEveryWrite(
      fault, removals_survive, [](FaultyFileSystem& files) { return Save(files, 2, "older data"); },
      [](FaultyFileSystem& files) { return Save(files, 2, "newer data"); },
      [](FaultyFileSystem& files, bool done) {
        const std::string found = Read(files, 2);
        EXPECT_TRUE(found == "newer data" || (!done && (found == "older data" || found == "lost"))) << found;
      });
}

TEST_P(Crash, PruningLeavesTheNewestAlone) {
  const auto [fault, removals_survive] = GetParam();
  AtEveryWrite(
      fault, removals_survive,
      [](FaultyFileSystem& files) -> Status {
        for (int generation = 1; generation <= 5; ++generation) {
          EOA_RETURN_IF_ERROR(Save(files, generation, "of " + std::to_string(generation)));
        }
        return OkStatus();
      },
      [](FaultyFileSystem& files) -> Status {
        const Result<int> pruned = CheckpointDirectory(files, "/pod").Prune(5, 2);
        return pruned.ok() ? OkStatus() : Status(pruned.error());
      },
      [](FaultyFileSystem& files, bool) {
        for (const int kept : {3, 4, 5}) EXPECT_EQ(Read(files, kept), "of " + std::to_string(kept));
        for (const int old : {1, 2}) EXPECT_THAT(Read(files, old), testing::AnyOf("of " + std::to_string(old), "lost"));
      });
}

INSTANTIATE_TEST_SUITE_P(All, Crash,
                         testing::Combine(testing::Values(Fault::kCrash, Fault::kDiskFull), testing::Bool()));

// Without it, the tests above would prove nothing.
TEST(FaultyFileSystem, ForgetsWhatWasNotSynced) {
  FaultyFileSystem files;
  const auto file = files.OpenForAppend("/a").value();
  ASSERT_TRUE(file->Append("synced").ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->Append(", not synced").ok());
  ASSERT_TRUE(files.Rename("/a", "/b").ok());
  files.Restart(true);
  EXPECT_EQ(files.ReadFile("/b", 100).value(), "synced");
}

}  // namespace
}  // namespace eoa::train
