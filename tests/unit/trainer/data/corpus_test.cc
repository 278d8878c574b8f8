// What the fuzzers start from (tests/fuzz/data/corpus), in every run of the tests: files whose name says that they are
// broken are refused, the others are read.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/trainer/data/data_fixture.h"
#include "trainer/data/cifar_source.h"
#include "trainer/data/image_decoder.h"
#include "trainer/data/tar_index.h"
#include "trainer/data/web_label.h"

namespace eoa::train {
namespace {

std::vector<std::filesystem::path> Corpus(const std::string& name) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(EOA_SOURCE_DIR "/tests/fuzz/data/corpus/" + std::string(name))) {
    files.push_back(entry.path());
  }
  EXPECT_FALSE(files.empty());
  return files;
}

bool IsBroken(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with("cut") || name.starts_with("huge") || name == "no_end" || name == "empty" ||
         name.ends_with("_out_of_range");
}

Bytes ContentOf(const std::filesystem::path& file) {
  Bytes bytes;
  EXPECT_TRUE(ReadWhole(file.string(), 1 << 20, bytes).ok());
  return bytes;
}

TEST(FuzzCorpus, TellsGoodImagesFromBrokenOnes) {
  ImageDecoder decoder;
  for (const auto& file : Corpus("image_decoder")) {
    EXPECT_EQ(decoder.Decode(ContentOf(file), 1).ok(), !IsBroken(file)) << file;
  }
}

TEST(FuzzCorpus, TellsGoodArchivesFromBrokenOnes) {
  for (const auto& file : Corpus("tar_index")) {
    const auto archive = ReadOnlyFile::Open(file.string());
    ASSERT_TRUE(archive.ok());
    EXPECT_EQ(IndexTar(*archive).ok(), !IsBroken(file)) << file;
  }
}

TEST(FuzzCorpus, TellsLabelsFromOtherTexts) {
  for (const auto& file : Corpus("web_label")) {
    const std::string extension = file.extension() == ".json" ? ".json" : ".cls";
    const Bytes content = ContentOf(file);
    const auto label = ParseWebLabel(extension, AsText(content), {"cat", "dog"});
    EXPECT_EQ(label.ok(), !file.filename().string().starts_with("wrong")) << file;
  }
}

TEST(FuzzCorpus, TellsGoodRecordsFromBrokenOnes) {
  for (const auto& file : Corpus("cifar_records")) {
    DecodedImages images;
    std::vector<std::int32_t> labels;
    const auto format = file.filename() == "cifar100" ? kCifar100Format : kCifar10Format;
    EXPECT_EQ(AppendCifarRecords(format, ContentOf(file), file.string(), images, labels).ok(), !IsBroken(file)) << file;
  }
}

}  // namespace
}  // namespace eoa::train
