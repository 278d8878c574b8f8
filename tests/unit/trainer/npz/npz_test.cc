#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "tests/temporary_directory.h"
#include "tests/unit/trainer/npz/npz_fixture.h"
#include "trainer/npz/npy_header.h"
#include "trainer/npz/npz_file.h"

namespace eoa::train {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class NpzFileTest : public testing::Test {
 protected:
  Result<NpzFile> Open(const std::string& bytes) {
    EXPECT_TRUE(RealFileSystem().WriteFileAtomically(path_, bytes).ok());
    return NpzFile::Open(path_);
  }

  std::string WhyNot(const std::string& bytes) {
    const Result<NpzFile> file = Open(bytes);
    return file.ok() ? "opened" : file.error().message();
  }

  static std::string Read(const NpzFile& file, std::size_t index) {
    const NpzArray& array = file.arrays().at(index);
    std::vector<std::uint8_t> bytes(array.bytes);
    const Status read = file.Read(array, bytes);
    return read.ok() ? std::string(bytes.begin(), bytes.end()) : "error: " + read.error().message();
  }

  static std::string Archive(const ZipOptions& options, bool zip64 = false) {
    ZipWriter zip;
    zip.Add("a/kernel.npy", Npy("<f4", "(2, 3)", Floats({1, 2, 3, 4, 5, 6})), options);
    zip.Add("step.npy", Npy("<i8", "()", LittleEndian(7, 8)), options);
    return zip.Finish(zip64);
  }

  TemporaryDirectory folder_;
  std::string path_ = folder_.path() + "/weights.npz";
};

TEST_F(NpzFileTest, ReadsStoredDeflatedAndZip64Archives) {
  for (const ZipOptions& options : {ZipOptions{}, ZipOptions{.deflate = true}, ZipOptions{.zip64 = true}}) {
    const Result<NpzFile> file = Open(Archive(options, options.zip64));
    ASSERT_TRUE(file.ok()) << file.error().message();
    ASSERT_EQ(file->arrays().size(), 2U);
    EXPECT_EQ(file->arrays()[0].name, "a/kernel");
    EXPECT_THAT(file->arrays()[0].shape, ElementsAre(2, 3));
    EXPECT_EQ(Read(*file, 0), Floats({1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(file->arrays()[1].type, ElementType::kInt64);
    EXPECT_TRUE(file->arrays()[1].shape.empty());
    EXPECT_EQ(Read(*file, 1), LittleEndian(7, 8));
  }
}

TEST_F(NpzFileTest, FindsTheDirectoryBehindAComment) {
  std::string bytes = Archive({});
  bytes.replace(bytes.size() - 2, 2, LittleEndian(5, 2));
  EXPECT_EQ(WhyNot(bytes + "PK\x05\x06!"), "opened");
}

TEST_F(NpzFileTest, RefusesAnArchiveThatWasCutAnywhere) {
  const std::string whole = Archive({.zip64 = true}, true);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_NE(WhyNot(whole.substr(0, size)), "opened") << size;
  }
}

// A flipped byte is an error, or nobody asks for it: names may change, and what local headers repeat.
TEST_F(NpzFileTest, NeverGivesOtherNumbersThanWereSaved) {
  for (const bool deflate : {false, true}) {
    const std::string whole = Archive({.deflate = deflate});
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
      const Result<NpzFile> file = Open(damaged);
      if (!file.ok()) continue;
      for (std::size_t i = 0; i < file->arrays().size(); ++i) {
        const std::string contents = Read(*file, i);
        const bool as_saved = contents == Floats({1, 2, 3, 4, 5, 6}) || contents == LittleEndian(7, 8);
        ASSERT_TRUE(as_saved || contents.starts_with("error: ")) << "byte " << at;
      }
    }
  }
}

TEST_F(NpzFileTest, NamesWhatItCannotRead) {
  const std::string array = Npy("<f4", "(1,)", Floats({1}));
  const auto one = [&](const std::string& contents, const ZipOptions& options = {}) {
    ZipWriter zip;
    zip.Add("w.npy", contents, options);
    return WhyNot(zip.Finish());
  };
  EXPECT_THAT(one(array, {.method = 12}), HasSubstr("'w.npy' is compressed by method 12"));
  EXPECT_THAT(one(array, {.flags = 1}), HasSubstr("'w.npy' is encrypted"));
  EXPECT_THAT(one(Npy(">f4", "(1,)", Floats({1}))), HasSubstr("'w.npy': its elements are '>f4'"));
  EXPECT_THAT(one(Npy("<f4", "(2,)", Floats({1}))), HasSubstr("4 bytes of elements; its shape wants 8"));
  EXPECT_THAT(one(Npy("<f4", "(1099511627776, 1099511627776)", "")), HasSubstr("more than 2^40 elements"));
  EXPECT_THAT(one("PK"), HasSubstr("'w.npy': not a .npy array"));
  std::string fortran = array;
  fortran.replace(fortran.find("False"), 5, " True");
  EXPECT_THAT(one(fortran), HasSubstr("Fortran order"));
  ZipWriter twins;
  twins.Add("w.npy", array);
  twins.Add("w.npy", array);
  EXPECT_THAT(WhyNot(twins.Finish()), HasSubstr("'w.npy' occurs twice"));
  EXPECT_THAT(WhyNot("not an archive at all, but longer than its end"), HasSubstr("may have been cut"));
}

TEST_F(NpzFileTest, RefusesEntriesThatOverlap) {
  ZipWriter zip;
  zip.Add("a.npy", Npy("<f4", "(64,)", Floats(std::vector<float>(64, 1))));
  zip.Add("b.npy", Npy("<f4", "(64,)", Floats(std::vector<float>(64, 2))));
  std::string bytes = zip.Finish();
  // Both entries of the directory at the first one's place, as a bomb has it.
  const std::size_t second = bytes.rfind("PK\x01\x02");
  bytes.replace(second + 42, 4, LittleEndian(0, 4));
  EXPECT_THAT(WhyNot(bytes), HasSubstr("overlap"));
}

TEST_F(NpzFileTest, RefusesContentsThatCannotBeInflatedFromSoLittle) {
  std::string bytes = Archive({.deflate = true});
  bytes.replace(bytes.find("PK\x01\x02") + 24, 4, LittleEndian(0x7fffffff, 4));
  EXPECT_THAT(WhyNot(bytes), HasSubstr("cannot be 2147483647 bytes of contents"));
}

TEST(NpyHeader, TakesWhatNumpyWritesInAllItsVersions) {
  for (const int version : {1, 2, 3}) {
    std::string bytes = Npy("|V2", "(5, 0, 7)", "");
    if (version > 1) {
      bytes[6] = static_cast<char>(version);
      bytes.insert(10, 2, '\0');
    }
    const auto header = ParseNpyHeader({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    ASSERT_TRUE(header.ok()) << header.error().message();
    EXPECT_EQ(header->type, ElementType::kBFloat16);
    EXPECT_THAT(header->shape, ElementsAre(5, 0, 7));
    EXPECT_EQ(header->elements, 0U);
    EXPECT_EQ(header->size, bytes.size());
  }
}

TEST(NpyHeader, RefusesOtherDictionaries) {
  for (const char* text :
       {"", "{}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", "{'descr': '<f4', 'shape': (1,)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + 1",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
        "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4' 'fortran_order': False 'shape': (1,)}"}) {
    const std::string bytes = "\x93NUMPY" + std::string("\x01\x00", 2) + LittleEndian(std::strlen(text), 2) + text;
    EXPECT_FALSE(ParseNpyHeader({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}).ok()) << text;
  }
}

}  // namespace
}  // namespace eoa::train
