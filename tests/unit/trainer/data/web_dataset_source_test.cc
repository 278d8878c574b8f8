#include "trainer/data/web_dataset_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  directory.Write("train.tar",
                  TarArchive({TarMember("a.json", "{}"), TarMember("a.cls", "0"), TarMember("a.seg.png", ""),
                              TarMember("a.JPG", "x"), TarMember("README", "")}));
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
              HasSubstr("train.tar, b: no .cls file beside the image"));
  EXPECT_THAT(ErrorOf(TarArchive({TarMember("b.cls", "0"), Sample("c", "0")})).message(),
              HasSubstr("train.tar, b: no .jpg, .jpeg or .png file"));
  EXPECT_THAT(ErrorOf(TarArchive({TarMember("b.jpg", ""), TarMember("b.png", ""), TarMember("b.cls", "0")})).message(),
              HasSubstr("train.tar, b.png: a second file of its kind"));
}

TEST(OpenWebDataset, NamesTheLabelThatIsNoNumber) {
  for (const std::string label : {"cat", "-1", "", "1.5", "99999999999", "0x1", "1 2"}) {
    EXPECT_THAT(ErrorOf(TarArchive({Sample("a", label)})).message(),
                HasSubstr("train.tar, a.cls: expected the class's number"))
        << label;
  }
}

TEST(OpenWebDataset, SaysThatThereAreNoShards) {
  const TemporaryDirectory directory;
  EXPECT_EQ(OpenWebDataset(directory.path(), Split::kTrain).error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(ErrorOf(TarArchive({Sample("a", "0")}), Split::kTest).message(), HasSubstr("test*.tar or val*.tar"));
}

}  // namespace
}  // namespace eoa::train
