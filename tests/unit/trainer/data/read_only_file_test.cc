#include "trainer/data/read_only_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReadOnlyFile, ReadsAtAnyOffset) {
  const TemporaryDirectory directory;
  const auto file = ReadOnlyFile::Open(directory.Write("a", "abcdef"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->size(), 6);
  std::array<std::uint8_t, 3> bytes{};
  EXPECT_TRUE(file->ReadAt(2, bytes).ok());
  EXPECT_THAT(bytes, ElementsAre('c', 'd', 'e'));
}

TEST(ReadOnlyFile, ExplainsAFileThatWasCutWhileItWasOpen) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("a", "abcdef");
  const auto file = ReadOnlyFile::Open(path);
  ASSERT_TRUE(file.ok());
  std::filesystem::resize_file(path, 4);
  std::array<std::uint8_t, 3> bytes{};
  const Status status = file->ReadAt(2, bytes);
  EXPECT_EQ(status.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(status.error().message(), HasSubstr("ends at byte 4"));
}

TEST(ReadOnlyFile, RefusesWhatIsNoFileWithoutWaitingForIt) {
  const TemporaryDirectory directory;
  const std::string pipe = directory.path() + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(ReadOnlyFile::Open(pipe).error().code(), ErrorCode::kDataLoss);
  EXPECT_EQ(ReadOnlyFile::Open(directory.path()).error().code(), ErrorCode::kDataLoss);
  EXPECT_EQ(ReadOnlyFile::Open(directory.path() + "/none").error().code(), ErrorCode::kNotFound);
}

TEST(CheckReadable, SaysWhatReadingWouldFailAt) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(CheckReadable(directory.Write("a", "12345"), 5).ok());
  EXPECT_EQ(CheckReadable(directory.Write("b", "123456"), 5).error().code(), ErrorCode::kDataLoss);
  EXPECT_EQ(CheckReadable(directory.path(), 5).error().code(), ErrorCode::kDataLoss);
  EXPECT_EQ(CheckReadable(directory.path() + "/c", 5).error().code(), ErrorCode::kNotFound);
}

TEST(ReadWhole, KeepsToItsLimit) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("a", "abcdef");
  Bytes bytes;
  EXPECT_TRUE(ReadWhole(path, 6, bytes).ok());
  EXPECT_EQ(AsText(bytes), "abcdef");
  EXPECT_EQ(ReadWhole(path, 5, bytes).error().code(), ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace eoa::train
