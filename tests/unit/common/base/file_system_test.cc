#include "common/base/file_system.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eoa {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FileSystemTest : public testing::Test {
 protected:
  FileSystemTest() : directory_(testing::TempDir() + "eoa-file-system-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~FileSystemTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }

  std::string directory_;
  FileSystem& files_ = RealFileSystem();
};

TEST_F(FileSystemTest, ReadsBackWhatItWrote) {
  const std::string binary("a\0b\n\xff", 5);
  ASSERT_TRUE(files_.WriteFileAtomically(Path("f"), binary).ok());
  EXPECT_EQ(*files_.ReadFile(Path("f"), 5), binary);
  EXPECT_EQ(*files_.FileSize(Path("f")), 5U);
}

TEST_F(FileSystemTest, RefusesToReadMoreThanAllowed) {
  ASSERT_TRUE(files_.WriteFileAtomically(Path("f"), "123456").ok());
  const auto content = files_.ReadFile(Path("f"), 5);
  ASSERT_FALSE(content.ok());
  EXPECT_EQ(content.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(content.error().message(), HasSubstr(Path("f")));
  // Devices do not tell their size.
  EXPECT_EQ(files_.ReadFile("/dev/zero", 1000).error().code(), ErrorCode::kResourceExhausted);
}

TEST_F(FileSystemTest, NamesWhatCannotBeRead) {
  EXPECT_EQ(files_.ReadFile(Path("none"), 10).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.ReadFile(directory_, 10).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(files_.FileSize(Path("none")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.ListDirectory(Path("none")).error().code(), ErrorCode::kNotFound);
}

TEST_F(FileSystemTest, ReplacesAFileAndLeavesNothingElse) {
  ASSERT_TRUE(files_.WriteFileAtomically(Path("f"), "old").ok());
  ASSERT_TRUE(files_.WriteFileAtomically(Path("f"), "new").ok());
  EXPECT_EQ(*files_.ReadFile(Path("f"), 10), "new");
  EXPECT_THAT(*files_.ListDirectory(directory_), ElementsAre("f"));
}

TEST_F(FileSystemTest, KeepsTheOldFileWhenItCannotBeReplaced) {
  ASSERT_TRUE(files_.CreateDirectories(Path("d/inner")).ok());
  EXPECT_FALSE(files_.WriteFileAtomically(Path("d"), "new").ok());
  EXPECT_TRUE(files_.IsDirectory(Path("d/inner")));
  EXPECT_THAT(*files_.ListDirectory(directory_), ElementsAre("d"));
  EXPECT_EQ(files_.WriteFileAtomically(Path("none/f"), "x").error().code(), ErrorCode::kNotFound);
}

// Another process of the same id, as in a restarted container, may have died while writing.
TEST_F(FileSystemTest, WritesOverTheRemainsOfACrash) {
  for (int serial = 0; serial < 200; ++serial) {
    std::string remains = Path("f.tmp-" + std::to_string(::getpid()) + "-" + std::to_string(serial));
    ASSERT_EQ(::mknod(remains.c_str(), S_IFREG | 0400, 0), 0);
  }
  ASSERT_TRUE(files_.WriteFileAtomically(Path("f"), "new").ok());
  EXPECT_EQ(*files_.ReadFile(Path("f"), 10), "new");
}

TEST_F(FileSystemTest, AppendsAndCuts) {
  {
    const auto file = files_.OpenForAppend(Path("log"));
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE((*file)->Append("one").ok());
    EXPECT_TRUE((*file)->Append("two").ok());
    EXPECT_TRUE((*file)->Sync().ok());
    EXPECT_TRUE((*file)->Truncate(4).ok());
    EXPECT_TRUE((*file)->Append("!").ok());
  }
  const auto again = files_.OpenForAppend(Path("log"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE((*again)->Append("?").ok());
  EXPECT_EQ(*files_.ReadFile(Path("log"), 100), "onet!?");
}

TEST_F(FileSystemTest, SaysWhenTheDiskIsFull) {
  const auto full = files_.OpenForAppend("/dev/full");
  ASSERT_TRUE(full.ok());
  const Status status = (*full)->Append("x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kResourceExhausted);
}

TEST_F(FileSystemTest, ListsNamesInOrder) {
  for (const char* name : {"b", "c", "a"}) ASSERT_TRUE(files_.WriteFileAtomically(Path(name), "").ok());
  EXPECT_THAT(*files_.ListDirectory(directory_), ElementsAre("a", "b", "c"));
}

TEST_F(FileSystemTest, MakesAndRemovesTrees) {
  EXPECT_TRUE(files_.CreateDirectories(Path("a/b/c")).ok());
  EXPECT_TRUE(files_.CreateDirectories(Path("a/b/c")).ok());
  EXPECT_TRUE(files_.Exists(Path("a/b/c")));
  EXPECT_TRUE(files_.Remove(Path("a")).ok());
  EXPECT_FALSE(files_.Exists(Path("a")));
  EXPECT_TRUE(files_.Remove(Path("a")).ok());
  ASSERT_TRUE(files_.WriteFileAtomically(Path("file"), "").ok());
  EXPECT_FALSE(files_.CreateDirectories(Path("file/below")).ok());
}

TEST_F(FileSystemTest, RemovesALinkAndNotWhatItLeadsTo) {
  ASSERT_TRUE(files_.WriteFileAtomically(Path("target"), "x").ok());
  std::filesystem::create_symlink(Path("target"), Path("link"));
  EXPECT_TRUE(files_.Remove(Path("link")).ok());
  EXPECT_TRUE(files_.Exists(Path("target")));
}

TEST(JoinPathTest, JoinsUnlessTheNameIsAbsolute) {
  EXPECT_EQ(JoinPath("a/b", "c"), "a/b/c");
  EXPECT_EQ(JoinPath("a/b/", "c"), "a/b/c");
  EXPECT_EQ(JoinPath("a", "/c"), "/c");
  EXPECT_EQ(JoinPath("", "c"), "c");
}

}  // namespace
}  // namespace eoa
