// Archives as the tar program and Python's tarfile write them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

#include "tests/unit/trainer/data/data_fixture.h"
#include "trainer/data/tar_index.h"

namespace eoa::train {
namespace {

class TarProgramTest : public ::testing::TestWithParam<std::string> {};

TEST_P(TarProgramTest, WritesArchivesThatAreRead) {
  const TemporaryDirectory directory;
  const std::string deep = "in/" + std::string(90, 'd') + "/" + std::string(60, 'e') + "/";
  std::map<std::string, std::string> files;
  files["in/a.jpg"] = std::string(1000, 'a');
  files["in/empty.cls"] = "";
  files[deep + "long.jpg"] = "long";
  if (GetParam() != "--format=ustar") files[deep + std::string(120, 'n') + ".jpg"] = "longer";
  if (GetParam() != "--format=ustar") files["in/\xC3\xBC.jpg"] = "umlaut";
  for (const auto& [name, content] : files) directory.Write(name, content);
  const std::string path = directory.path() + "/out.tar";
  ASSERT_EQ(std::system(("tar -C '" + directory.path() + "' " + GetParam() + " -cf '" + path + "' in").c_str()), 0);

  const auto archive = ReadOnlyFile::Open(path);
  ASSERT_TRUE(archive.ok());
  const auto entries = IndexTar(*archive);
  ASSERT_TRUE(entries.ok()) << entries.error().ToString();
  std::map<std::string, std::string> found;
  for (const TarEntry& entry : *entries) {
    Bytes bytes(entry.size);
    ASSERT_TRUE(archive->ReadAt(entry.offset, bytes).ok());
    found[entry.name] = AsText(bytes);
  }
  EXPECT_EQ(found, files);
}

INSTANTIATE_TEST_SUITE_P(Formats, TarProgramTest, ::testing::Values("--format=gnu", "--format=pax", "--format=ustar"),
                         [](const auto& format) { return format.param.substr(9); });

}  // namespace
}  // namespace eoa::train
