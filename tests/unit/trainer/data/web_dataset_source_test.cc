#include "trainer/data/web_dataset_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::int32_t> LabelsOf(const DataSource& source) {
  return {source.labels().begin(), source.labels().end()};
}

Bytes Sample(const std::string& key, const std::string& label) {
  Bytes sample = TarMember(key + ".jpg", "image of " + key);
  const Bytes cls = TarMember(key + ".cls", label);
  sample.insert(sample.end(), cls.begin(), cls.end());
  return sample;
}

Error ErrorOf(const Bytes& train, Split split = Split::kTrain) {
  const TemporaryDirectory directory;
  directory.Write("train.tar", train);
  const auto source = OpenWebDataset(directory.path(), split);
  EXPECT_FALSE(source.ok());
  return source.ok() ? InternalError("none") : source.error();
}

TEST(OpenWebDataset, ReadsShardsInOrderOfTheirNames) {
  const TemporaryDirectory directory;
  directory.Write("train-000001.tar", TarArchive({Sample("c", "0")}));
  directory.Write("train-000000.tar", TarArchive({Sample("a", "2\n"), Sample("dir.x/b", "1")}));
  const auto source = OpenWebDataset(directory.path(), Split::kTrain);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_THAT(LabelsOf(**source), ElementsAre(2, 1, 0));
  EXPECT_THAT((*source)->class_names(), ElementsAre("class 0", "class 1", "class 2"));
  EXPECT_EQ((*source)->Describe(1), directory.path() + "/train-000000.tar: dir.x/b.jpg");
  Bytes scratch;
  const auto record = (*source)->Read(2, scratch);
  ASSERT_TRUE(record.ok());
  const auto bytes = std::get<EncodedView>(*record).bytes;
  EXPECT_EQ(AsText(Bytes(bytes.begin(), bytes.end())), "image of c");
}

TEST(OpenWebDataset, IgnoresFilesItDoesNotKnow) {
  const TemporaryDirectory directory;
  directory.Write("train.tar", TarArchive({TarMember("a.cls", "0"), TarMember("a.seg.png", ""), TarMember("a.JPG", "x"),
                                           TarMember("README", "")}));
  const auto source = OpenWebDataset(directory.path(), Split::kTrain);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_EQ((*source)->size(), 1);
}

TEST(OpenWebDataset, NamesClassesByTheirFileForBothSplits) {
  const TemporaryDirectory directory;
  directory.Write("train.tar", TarArchive({Sample("a", "0")}));
  directory.Write("val-0.tar", TarArchive({Sample("b", "1")}));
  directory.Write("classes.txt", "cat\r\ndog\r\n");
  const auto source = OpenWebDataset(directory.path(), Split::kTest);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_THAT((*source)->class_names(), ElementsAre("cat", "dog"));
  EXPECT_THAT(LabelsOf(**source), ElementsAre(1));
}

TEST(OpenWebDataset, RefusesATestLabelThatIsNoClass) {
  const TemporaryDirectory directory;
  directory.Write("train.tar", TarArchive({Sample("a", "0"), Sample("b", "1")}));
  directory.Write("test.tar", TarArchive({Sample("c", "2")}));
  const auto source = OpenWebDataset(directory.path(), Split::kTest);
  EXPECT_EQ(source.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(source.error().message(), HasSubstr("test.tar, c.jpg: label 2; expected 0 to 1"));
}

TEST(OpenWebDataset, NamesTheSampleThatIsIncomplete) {
  EXPECT_THAT(ErrorOf(TarArchive({Sample("a", "0"), TarMember("b.jpg", "")})).message(),
              HasSubstr("train.tar, b: no .cls, .json or .txt file"));
  EXPECT_THAT(ErrorOf(TarArchive({TarMember("b.cls", "0"), Sample("c", "0")})).message(),
              HasSubstr("train.tar, b: no .jpg, .jpeg, .png, .webp or .gif file"));
  EXPECT_THAT(ErrorOf(TarArchive({TarMember("b.jpg", ""), TarMember("b.png", ""), TarMember("b.cls", "0")})).message(),
              HasSubstr("train.tar, b.png: a second file of its kind"));
}

TEST(OpenWebDataset, FindsTheFilesOfASampleWhereverTheyLie) {
  const TemporaryDirectory directory;
  directory.Write("train.tar", TarArchive({TarMember("b.jpg", "b"), TarMember("a.jpg", "a"), TarMember("a.cls", "1"),
                                           TarMember("readme.txt", "hello"), TarMember("b.cls", "0")}));
  const auto source = OpenWebDataset(directory.path(), Split::kTrain);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_THAT(LabelsOf(**source), ElementsAre(0, 1));
}

TEST(OpenWebDataset, ReadsLabelsAsTheirWritersStoreThem) {
  const TemporaryDirectory directory;
  directory.Write("classes.txt", "cat\ndog\n");
  directory.Write("train.tar",
                  TarArchive({TarMember("a.jpg", ""), TarMember("a.json", R"({"file": "x", "label": 1})"),
                              TarMember("b.jpg", ""), TarMember("b.json", R"({"cls": "dog"})"), TarMember("c.jpg", ""),
                              TarMember("c.json", "0"), TarMember("d.jpg", ""), TarMember("d.txt", " dog\n"),
                              TarMember("e.jpg", ""), TarMember("e.txt", "0"), TarMember("f.jpg", ""),
                              TarMember("f.txt", "a photo"), TarMember("f.json", "{}"), TarMember("f.cls", "1")}));
  const auto source = OpenWebDataset(directory.path(), Split::kTrain);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_THAT(LabelsOf(**source), ElementsAre(1, 1, 0, 1, 0, 1));
}

TEST(OpenWebDataset, SaysWhatTheLabelLacks) {
  const auto message = [](const std::string& extension, const std::string& label) {
    return ErrorOf(TarArchive({TarMember("a.jpg", ""), TarMember("a" + extension, label)})).message();
  };
  EXPECT_THAT(message(".json", R"({"caption": "a cat"})"), HasSubstr("a.json: its JSON has none of label, cls"));
  EXPECT_THAT(message(".json", R"({"label": 1.5})"), HasSubstr("a.json: expected the class's number"));
  EXPECT_THAT(message(".json", "{"), HasSubstr("a.json: no JSON"));
  EXPECT_THAT(message(".txt", "a photo of a cat"), HasSubstr("a.txt: expected the class's number"));
}

TEST(OpenWebDataset, SaysThatShardsAreCompressed) {
  const TemporaryDirectory directory;
  directory.Write("train-0.tar.gz", "x");
  EXPECT_THAT(OpenWebDataset(directory.path(), Split::kTrain).error().message(),
              HasSubstr("train-0.tar.gz is compressed"));
  Bytes zipped(512);
  zipped[0] = 0x1F;
  zipped[1] = 0x8B;
  EXPECT_THAT(ErrorOf(zipped).message(), HasSubstr("train.tar is compressed"));
}

TEST(OpenWebDataset, ReadsMoreShardsThanAProcessMayOpen) {
  const TemporaryDirectory directory;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  constexpr std::uint32_t kShards = 600;
  for (std::uint32_t i = 0; i < kShards; ++i) {
    directory.Write("train-" + std::to_string(1000 + i) + ".tar", TarArchive({Sample("a", std::to_string(i))}));
  }
  rlimit few = before;
  few.rlim_cur = 400;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto source = OpenWebDataset(directory.path(), Split::kTrain);
  Bytes scratch;
  const bool read = source.ok() && (*source)->Read(kShards - 1, scratch).ok();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_TRUE(read);
  EXPECT_EQ((*source)->labels()[kShards - 1], kShards - 1);
}

TEST(OpenWebDataset, NamesTheLabelThatIsNoNumber) {
  for (const std::string label : {"cat", "-1", "", "1.5", "99999999999", "0x1", "1 2"}) {
    EXPECT_THAT(ErrorOf(TarArchive({Sample("a", label)})).message(),
                HasSubstr("train.tar, a.cls: expected the class's number"))
        << label;
  }
}

TEST(OpenWebDataset, NamesArchivesThatNoSplitHas) {
  const TemporaryDirectory directory;
  directory.Write("imagenet1k-train-0000.tar", TarArchive({Sample("a", "0")}));
  EXPECT_THAT(OpenWebDataset(directory.path(), Split::kTrain).error().message(),
              HasSubstr("imagenet1k-train-0000.tar: their names must begin with train or test"));
}

TEST(OpenWebDataset, SaysThatThereAreNoShards) {
  const TemporaryDirectory directory;
  EXPECT_EQ(OpenWebDataset(directory.path(), Split::kTrain).error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(ErrorOf(TarArchive({Sample("a", "0")}), Split::kTest).message(), HasSubstr("test*.tar or val*.tar"));
}

}  // namespace
}  // namespace eoa::train
