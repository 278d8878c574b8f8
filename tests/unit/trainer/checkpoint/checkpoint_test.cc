#include "trainer/checkpoint/checkpoint.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eoa::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() { EXPECT_NE(::mkdtemp(path_.data()), nullptr); }
  ~CheckpointTest() override { std::filesystem::remove_all(path_); }

  void Save(int generation, const std::string& part = "weights", const std::string& data = "data") {
    const NamedArray array{
        .name = "a", .type = ElementType::kUint8, .shape = {static_cast<std::int64_t>(data.size())}, .data = data};
    ASSERT_TRUE(directory().Save(generation, part, {array}, {}).ok());
  }
  CheckpointDirectory directory() { return {RealFileSystem(), path_}; }
  std::string WhyNot(int generation) {
    const Result<CheckpointPart> part = directory().Load(generation, "weights");
    if (part.ok()) return "it is there";
    EXPECT_EQ(part.error().code(), ErrorCode::kDataLoss);
    return part.error().message();
  }
  std::string FileName(int generation) const {
    return path_ + "/checkpoint-" + std::to_string(generation) + ".weights.safetensors";
  }

  std::string path_ = (std::filesystem::temp_directory_path() / "eoa-XXXXXX").string();
};

TEST_F(CheckpointTest, APartIsReadBackAsItWasWritten) {
  Save(3, "weights", "some weights");
  Save(3, "member-1", "momentum");
  EXPECT_EQ(directory().Load(3, "weights")->contents.Find("a")->data, "some weights");
  EXPECT_EQ(directory().Load(3, "member-1")->contents.Find("a")->data, "momentum");
}

TEST_F(CheckpointTest, ANewerAttemptReplacesAPart) {
  Save(3, "weights", "old");
  Save(3, "weights", "newer");
  EXPECT_EQ(directory().Load(3, "weights")->contents.Find("a")->data, "newer");
}

TEST_F(CheckpointTest, WhatIsNotThereOrNotCompleteIsNamed) {
  EXPECT_THAT(WhyNot(3), HasSubstr("checkpoint-3.weights"));
  Save(3);
  std::filesystem::resize_file(FileName(3), 20);
  EXPECT_THAT(WhyNot(3), HasSubstr("20 bytes instead of"));
}

TEST_F(CheckpointTest, AFlippedBitIsNoticed) {
  Save(3);
  std::string bytes = RealFileSystem().ReadFile(FileName(3), 4096).value();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(FileName(3), bytes).ok());
  EXPECT_THAT(WhyNot(3), HasSubstr("checksum"));
}

TEST_F(CheckpointTest, AFileWithoutItsManifestDoesNotCount) {
  Save(3);
  std::filesystem::remove(path_ + "/checkpoint-3.weights.json");
  EXPECT_NE(WhyNot(3), "it is there");
}

TEST_F(CheckpointTest, ADiskThatCannotBeReadNowHasLostNothing) {
  Save(3);
  ASSERT_TRUE(std::filesystem::remove(FileName(3)));
  // As EIO and ESTALE: neither gone nor torn.
  ASSERT_EQ(::symlink(FileName(3).c_str(), FileName(3).c_str()), 0);
  const auto loaded = directory().Load(3, "weights");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code(), ErrorCode::kAborted) << loaded.error().ToString();
}

TEST_F(CheckpointTest, PruningKeepsTheNewestAndTheOneBeforeThem) {
  for (const int generation : {2, 4, 6, 10}) Save(generation);
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(path_ + "/agent.json", "{}").ok());
  EXPECT_EQ(directory().Prune(10, 2).value(), 4);
  EXPECT_THAT(*RealFileSystem().ListDirectory(path_),
              ElementsAre("agent.json", "checkpoint-10.weights.json", "checkpoint-10.weights.safetensors",
                          "checkpoint-4.weights.json", "checkpoint-4.weights.safetensors", "checkpoint-6.weights.json",
                          "checkpoint-6.weights.safetensors"));
}

TEST_F(CheckpointTest, PruningDoesNotCountWhatAnEarlierAttemptLeftBeyondTheGeneration) {
  for (const int generation : {1, 2, 9}) Save(generation);
  EXPECT_EQ(directory().Prune(2, 1).value(), 1);
  EXPECT_EQ(WhyNot(1), "it is there");
}

}  // namespace
}  // namespace eoa::train
