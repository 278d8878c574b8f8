// Cuts and damages a journal at every byte, and lets the disk fail in the middle of a write.
#include "broker/core/journal.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_guard.h"

namespace eoa::broker {
namespace {

using testing::HasSubstr;

constexpr const char* kUid = "0b7c1a52";

std::vector<Event> SomeEvents() {
  AttemptStarted attempt{.attempt = 1, .resume_generation = 0, .pods = {}};
  attempt.pods.push_back({"wolves", 0, "a1", "10.0.0.1", 29500, 8080});
  api::ReportRequest report{.attempt = 1, .generation = 0, .members = {{0, 0.1, 0.5, 1.25}}, .images_per_second = 10};
  api::Decision decision;
  decision.elected = {"wolves", 0, 0.1, 0.5, 0};
  decision.baseline = 0.1;
  decision.closed_by = ClosedBy::kAll;
  decision.weights.push_back({"wolves", "10.0.0.1", 8080, "", 0, 1});
  const api::FinishRequest result{.attempt = 1, .error = {}, .test_accuracy = 0.5, .test_loss = {}, .model = "m"};
  return {attempt, ReportAccepted{"wolves", report}, RoundClosed{"", decision}, PopulationFinished{"wolves", result},
          PopulationStopped{"whales", "no restarts left"}};
}

nlohmann::json AsJson(const std::vector<Event>& events) {
  nlohmann::json all = nlohmann::json::array();
  for (const Event& event : events) all.push_back(ToJson(event));
  return all;
}

std::string Encoded(const std::vector<Event>& events) {
  std::string bytes = EncodeJournalHeader(kUid);
  for (const Event& event : events) bytes += EncodeJournalRecord(event);
  return bytes;
}

// Fails writes on demand, leaving half of the data behind.
class FailingDisk final : public FileSystem {
 public:
  bool failing = false;

  Result<std::string> ReadFile(const std::string& path, std::uint64_t most) override {
    return disk_.ReadFile(path, most);
  }
  Status WriteFileAtomically(const std::string& path, std::string_view data) override {
    return disk_.WriteFileAtomically(path, data);
  }
  Result<std::unique_ptr<AppendFile>> OpenForAppend(const std::string& path) override {
    EOA_ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> file, disk_.OpenForAppend(path));
    return std::unique_ptr<AppendFile>(std::make_unique<File>(std::move(file), *this));
  }
  Status Rename(const std::string& from, const std::string& to) override { return disk_.Rename(from, to); }
  Result<std::uint64_t> FileSize(const std::string& path) override { return disk_.FileSize(path); }
  bool Exists(const std::string& path) override { return disk_.Exists(path); }
  bool IsDirectory(const std::string& path) override { return disk_.IsDirectory(path); }
  Result<std::vector<std::string>> ListDirectory(const std::string& path) override { return disk_.ListDirectory(path); }
  Status CreateDirectories(const std::string& path) override { return disk_.CreateDirectories(path); }
  Status Remove(const std::string& path) override { return disk_.Remove(path); }

 private:
  class File final : public AppendFile {
   public:
    File(std::unique_ptr<AppendFile> file, const FailingDisk& disk) : file_(std::move(file)), disk_(disk) {}
    Status Append(std::string_view data) override {
      if (!disk_.failing) return file_->Append(data);
      EOA_RETURN_IF_ERROR(file_->Append(data.substr(0, data.size() / 2)));
      return ResourceExhaustedError("disk full");
    }
    Status Sync() override { return file_->Sync(); }
    Status Truncate(std::uint64_t size) override { return file_->Truncate(size); }

   private:
    std::unique_ptr<AppendFile> file_;
    const FailingDisk& disk_;
  };

  FileSystem& disk_ = RealFileSystem();
};

class JournalTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "journal-" + test->name() + "-" + std::to_string(::getpid());
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  void Write(std::string_view bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

  Result<std::unique_ptr<StateStore>> Open(const std::string& uid = kUid) { return OpenJournal(path_, uid, disk_); }

  std::string path_;
  FailingDisk disk_;
};

TEST_F(JournalTest, GivesBackWhatWasAppended) {
  const std::vector<Event> events = SomeEvents();
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.error().ToString();
    EXPECT_TRUE((*store)->Load()->empty());
    for (const Event& event : events) ASSERT_TRUE((*store)->Append(event).ok());
    EXPECT_EQ(AsJson(*(*store)->Load()), AsJson(events));
  }
  auto again = Open();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(AsJson(*(*again)->Load()), AsJson(events));
}

TEST_F(JournalTest, CutAtAnyByteItKeepsAllWholeRecordsAndGoesOn) {
  const std::vector<Event> events = SomeEvents();
  const std::string bytes = Encoded(events);
  std::vector<std::size_t> ends = {EncodeJournalHeader(kUid).size()};
  for (const Event& event : events) ends.push_back(ends.back() + EncodeJournalRecord(event).size());
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    std::vector<Event> expected;
    while (expected.size() < events.size() && ends[expected.size() + 1] <= cut) {
      expected.push_back(events[expected.size()]);
    }
    const auto content = DecodeJournal(std::string_view(bytes).substr(0, cut), kUid);
    ASSERT_TRUE(content.ok()) << cut << ": " << content.error().ToString();
    ASSERT_EQ(AsJson(content->events), AsJson(expected)) << "cut at " << cut;

    // The disk is slow: files for every cut of the header, and then for some.
    if (cut > ends[0] && cut % 41 != 0) continue;
    Write(bytes.substr(0, cut));
    auto store = Open();
    ASSERT_TRUE(store.ok()) << cut << ": " << store.error().ToString();
    ASSERT_TRUE((*store)->Append(events[0]).ok());
    expected.push_back(events[0]);
    ASSERT_EQ(AsJson(*(*store)->Load()), AsJson(expected)) << "cut at " << cut;
  }
}

TEST_F(JournalTest, AChangedByteNeverGivesOtherEventsThanWereAppended) {
  const std::vector<Event> events = SomeEvents();
  const std::string bytes = Encoded(events);
  const std::size_t last = bytes.size() - EncodeJournalRecord(events.back()).size();
  const std::vector<Event> all_but_last(events.begin(), events.end() - 1);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const auto content = DecodeJournal(damaged, kUid);
    if (at < last) {
      ASSERT_FALSE(content.ok()) << "byte " << at;
    } else if (content.ok()) {
      // Not to be told from a write that was cut short.
      ASSERT_EQ(AsJson(content->events), AsJson(all_but_last)) << "byte " << at;
    }
  }
}

TEST_F(JournalTest, ADamagedRecordInTheMiddleIsDataLossWithItsPosition) {
  std::string bytes = Encoded(SomeEvents());
  const std::size_t position = EncodeJournalHeader(kUid).size();
  bytes[position + 20] = '#';
  Write(bytes);
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(store.error().message(), HasSubstr("at byte " + std::to_string(position)));
  EXPECT_THAT(store.error().message(), HasSubstr(path_));
}

TEST_F(JournalTest, AFileThatGrewBeforeItsDataCameIsCutBack) {
  const std::vector<Event> events = SomeEvents();
  const std::string record = EncodeJournalRecord(events[0]);
  const std::string torn[] = {
      std::string(500, '\0'),
      record.substr(0, 3) + std::string(500, '\0'),
      record.substr(0, 12) + std::string(500, '\0'),
      record.substr(0, 30) + std::string(record.size() - 30, '\0'),
  };
  for (const std::string& tail : torn) {
    const auto content = DecodeJournal(Encoded(events) + tail, kUid);
    ASSERT_TRUE(content.ok()) << content.error().ToString();
    EXPECT_EQ(content->events.size(), events.size());
    EXPECT_EQ(content->valid_bytes, Encoded(events).size());
  }
}

TEST_F(JournalTest, RefusesAnotherJobsJournal) {
  ASSERT_TRUE(Open().ok());
  const auto store = Open("another");
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(store.error().message(), HasSubstr("another job"));
}

TEST_F(JournalTest, RefusesAFileThatIsNoJournalAndLeavesItAlone) {
  Write("model: {name: wrn-10-1}\n");
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message(), HasSubstr("not a broker's journal"));
  EXPECT_EQ(*RealFileSystem().ReadFile(path_, 100), "model: {name: wrn-10-1}\n");
}

TEST_F(JournalTest, RefusesAnotherFormatVersion) {
  std::string bytes = Encoded({});
  bytes[8] = 2;
  Write(bytes);
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message(), HasSubstr("format version 2"));
}

TEST_F(JournalTest, AFailedAppendLeavesNoTrace) {
  const std::vector<Event> events = SomeEvents();
  auto store = Open();
  ASSERT_TRUE((*store)->Append(events[0]).ok());
  disk_.failing = true;
  EXPECT_FALSE((*store)->Append(events[1]).ok());
  disk_.failing = false;
  ASSERT_TRUE((*store)->Append(events[2]).ok());
  EXPECT_EQ(AsJson(*(*store)->Load()), AsJson({events[0], events[2]}));
}

TEST_F(JournalTest, AnEventOfAnotherVersionIsNamed) {
  const auto event = EventFromJson({{"type", "PopulationCloned"}});
  ASSERT_FALSE(event.ok());
  EXPECT_THAT(event.error().message(), HasSubstr("PopulationCloned"));
}

}  // namespace
}  // namespace eoa::broker
