#include "trainer/data/tar_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

class TarIndexTest : public ::testing::Test {
 protected:
  Result<std::vector<TarEntry>> Index(const Bytes& archive) {
    EOA_ASSIGN_OR_RETURN(const ReadOnlyFile file, ReadOnlyFile::Open(directory_.Write("a.tar", archive)));
    return IndexTar(file);
  }

  TemporaryDirectory directory_;
};

std::string Pax(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  std::size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) ++length;
  return std::to_string(length) + rest;
}

TEST_F(TarIndexTest, FindsFilesAndSkipsTheRest) {
  const Bytes archive = TarArchive({TarMember("folder/", "", '5'), TarMember("folder/a.jpg", std::string(600, 'a')),
                                    TarMember("link", "", '2'), TarMember("b.cls", "7")});
  const auto entries = Index(archive);
  ASSERT_TRUE(entries.ok()) << entries.error().ToString();
  ASSERT_EQ(entries->size(), 2);
  EXPECT_EQ((*entries)[0].name, "folder/a.jpg");
  EXPECT_EQ((*entries)[0].offset, 1024);
  EXPECT_EQ((*entries)[0].size, 600);
  EXPECT_EQ((*entries)[1].name, "b.cls");
  EXPECT_EQ(archive[(*entries)[1].offset], '7');
}

TEST_F(TarIndexTest, TakesNamesAndSizesFromExtendedHeaders) {
  std::string name(150, 'n');
  name += ".jpg";
  for (const Bytes& extension : {TarMember("././@PaxHeader", Pax("mtime", "1.5") + Pax("path", name), 'x'),
                                 TarMember("././@LongLink", name + '\0', 'L')}) {
    const auto entries = Index(TarArchive({extension, TarMember("short", "data"), TarMember("next", "")}));
    ASSERT_TRUE(entries.ok()) << entries.error().ToString();
    ASSERT_EQ(entries->size(), 2);
    EXPECT_EQ((*entries)[0].name, name);
    EXPECT_EQ((*entries)[1].name, "next");
  }
}

TEST_F(TarIndexTest, NamesTheByteWhereAnArchiveBreaks) {
  Bytes archive = TarArchive({TarMember("a", "1"), TarMember("b", "2")});
  archive[1024] ^= 1;
  const auto entries = Index(archive);
  EXPECT_EQ(entries.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(entries.error().message(), HasSubstr("a.tar, byte 1024: expected a tar header"));
}

TEST_F(TarIndexTest, RefusesAnArchiveThatWasCutAnywhere) {
  const Bytes archive = TarArchive({TarMember("a", std::string(700, 'x')), TarMember("b", "2")});
  // One zero block is enough to end an archive.
  for (std::size_t size = 0; size < archive.size() - 512; size += 64) {
    const auto entries = Index(Bytes(archive.begin(), archive.begin() + static_cast<std::ptrdiff_t>(size)));
    ASSERT_FALSE(entries.ok()) << size;
    EXPECT_EQ(entries.error().code(), ErrorCode::kDataLoss);
    EXPECT_THAT(entries.error().message(), HasSubstr("probably cut"));
  }
}

TEST_F(TarIndexTest, RefusesMalformedExtendedHeaders) {
  for (const std::string_view records : {"x", "5 a=b\n", "99 path=a\n", "12 path:abc\n", "6 path", "0 a=b\n", " a=b\n",
                                         "99999999999999999999 a=b\n", "12 size=1x1\n"}) {
    const auto entries = Index(TarArchive({TarMember("pax", records, 'x'), TarMember("a", "1")}));
    ASSERT_FALSE(entries.ok()) << records;
    EXPECT_THAT(entries.error().message(), HasSubstr("malformed pax header")) << records;
  }
}

TEST_F(TarIndexTest, RefusesASizeBeyondTheEnd) {
  const auto entries =
      Index(TarArchive({TarMember("pax", Pax("size", "18446744073709551615"), 'x'), TarMember("a", "1")}));
  EXPECT_EQ(entries.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(entries.error().message(), HasSubstr("the member has 18446744073709551615 bytes"));
}

TEST_F(TarIndexTest, RefusesSparseMembers) {
  EXPECT_THAT(Index(TarArchive({TarMember("a", "1", 'S')})).error().message(), HasSubstr("without --sparse"));
}

}  // namespace
}  // namespace eoa::train
