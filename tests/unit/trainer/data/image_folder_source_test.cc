#include "trainer/data/image_folder_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::int32_t> LabelsOf(const DataSource& source) {
  return {source.labels().begin(), source.labels().end()};
}

TEST(OpenImageFolder, OrdersClassesAndFilesByName) {
  const TemporaryDirectory directory;
  directory.Write("train/zebra/1.jpg", "z1");
  directory.Write("train/ant/b.JPEG", "ab");
  directory.Write("train/ant/a.png", "aa");
  directory.Write("train/ant/notes.txt", "not an image");
  directory.Write("train/ant/.hidden.jpg", "not either");
  directory.Write("train/README.md", "not a class");
  const auto source = OpenImageFolder(directory.path(), Split::kTrain);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_THAT((*source)->class_names(), ElementsAre("ant", "zebra"));
  EXPECT_THAT(LabelsOf(**source), ElementsAre(0, 0, 1));
  EXPECT_EQ((*source)->Describe(1), directory.path() + "/train/ant/b.JPEG");
  Bytes scratch;
  const auto record = (*source)->Read(2, scratch);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(std::get<EncodedView>(*record).bytes.size(), 2);
}

TEST(OpenImageFolder, NumbersTestClassesAsInTraining) {
  const TemporaryDirectory directory;
  directory.Write("train/a/1.jpg", "");
  directory.Write("train/b/1.jpg", "");
  directory.Write("val/b/1.jpg", "");
  const auto source = OpenImageFolder(directory.path(), Split::kTest);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_THAT(LabelsOf(**source), ElementsAre(1));
  EXPECT_THAT((*source)->class_names(), ElementsAre("a", "b"));
}

TEST(OpenImageFolder, RefusesATestClassThatTrainingLacks) {
  const TemporaryDirectory directory;
  directory.Write("train/a/1.jpg", "");
  directory.Write("test/c/1.jpg", "");
  const auto source = OpenImageFolder(directory.path(), Split::kTest);
  EXPECT_EQ(source.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(source.error().message(), HasSubstr("test/c is a class that the training set does not have"));
}

TEST(OpenImageFolder, RefusesAClassWithoutImages) {
  const TemporaryDirectory directory;
  directory.Write("train/a/1.jpg", "");
  directory.Write("train/b/1.bmp", "");
  const auto source = OpenImageFolder(directory.path(), Split::kTrain);
  EXPECT_THAT(source.error().message(), HasSubstr("no images in " + directory.path() + "/train/b"));
}

TEST(OpenImageFolder, CountsAndNamesWhatItLeavesOut) {
  const TemporaryDirectory directory;
  directory.Write("train/a/1.jpg", "");
  directory.Write("train/a/2.bmp", "");
  directory.Write("train/a/3.BMP", "");
  directory.Write("train/a/notes", "");
  directory.Write("train/a/session1/4.jpg", "");
  directory.Write("train/b/looks like one.jpg/5.jpg", "");
  directory.Write("train/b/6.webp", "");
  directory.Write("train/lost+found/.keep", "");
  directory.Write("train/labels.csv", "");
  directory.Write("train/stray.jpg", "");
  std::filesystem::create_symlink("/nowhere/at/all.jpg", directory.path() + "/train/b/7.jpg");
  std::filesystem::create_symlink(directory.path() + "/train/a/1.jpg", directory.path() + "/train/b/8.jpg");
  ASSERT_EQ(::mkfifo((directory.path() + "/train/b/9.jpg").c_str(), 0600), 0);
  const auto source = OpenImageFolder(directory.path(), Split::kTrain);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_THAT((*source)->class_names(), ElementsAre("a", "b"));
  EXPECT_THAT(LabelsOf(**source), ElementsAre(0, 1, 1));
  EXPECT_EQ((*source)->left_out().ToString(),
            "4 files of other kinds (2 .bmp, 1 .csv, 1 without an ending; the first is labels.csv), "
            "1 image outside of a class (stray.jpg), 2 folders within classes (the first is a/session1), 1 link to "
            "nothing (b/7.jpg), "
            "1 pipe or device (b/9.jpg), 1 empty folder (lost+found)");
}

TEST(OpenImageFolder, KeepsOddNamesAndRefusesThoseThatAreNoText) {
  const TemporaryDirectory directory;
  directory.Write("train/\xC3\xBC\xE7\x8C\xAB 1/a b.jpg", "");
  const auto source = OpenImageFolder(directory.path(), Split::kTrain);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_THAT((*source)->class_names(), ElementsAre("\xC3\xBC\xE7\x8C\xAB 1"));
  directory.Write("train/\xFC/1.jpg", "");
  EXPECT_THAT(OpenImageFolder(directory.path(), Split::kTrain).error().message(), HasSubstr("is not UTF-8"));
}

TEST(OpenImageFolder, PointsToAFolderThatIsProbablyTheTestSet) {
  const TemporaryDirectory directory;
  directory.Write("train/a/1.jpg", "");
  directory.Write("valid/a/1.jpg", "");
  const Error error = OpenImageFolder(directory.path(), Split::kTest).error();
  EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  EXPECT_THAT(error.message(), HasSubstr(directory.path() + "/valid holds, please rename it to test"));
}

TEST(OpenImageFolder, SaysWhatLiesThereInPlaceOfClasses) {
  const TemporaryDirectory directory;
  directory.Write("train/0001.jpg", "");
  directory.Write("train/0002.jpg", "");
  EXPECT_THAT(OpenImageFolder(directory.path(), Split::kTrain).error().message(),
              HasSubstr("/train, only 2 images outside of classes (the first is 0001.jpg)"));
}

TEST(OpenImageFolder, SaysWhatFolderIsMissing) {
  const TemporaryDirectory directory;
  EXPECT_THAT(OpenImageFolder(directory.path(), Split::kTrain).error().message(), HasSubstr("/train"));
  directory.Write("train/a/1.jpg", "");
  EXPECT_THAT(OpenImageFolder(directory.path(), Split::kTest).error().message(), HasSubstr("/test"));
}

}  // namespace
}  // namespace eoa::train
