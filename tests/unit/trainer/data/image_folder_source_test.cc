#include "trainer/data/image_folder_source.h"

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
  EXPECT_EQ(source.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(source.error().message(), HasSubstr("test/c is a class that the training set does not have"));
}

TEST(OpenImageFolder, RefusesAClassWithoutImages) {
  const TemporaryDirectory directory;
  directory.Write("train/a/1.jpg", "");
  directory.Write("train/b/1.gif", "");
  const auto source = OpenImageFolder(directory.path(), Split::kTrain);
  EXPECT_THAT(source.error().message(), HasSubstr("no images in " + directory.path() + "/train/b"));
}

TEST(OpenImageFolder, SaysWhatFolderIsMissing) {
  const TemporaryDirectory directory;
  EXPECT_THAT(OpenImageFolder(directory.path(), Split::kTrain).error().message(), HasSubstr("/train"));
  directory.Write("train/a/1.jpg", "");
  EXPECT_THAT(OpenImageFolder(directory.path(), Split::kTest).error().message(), HasSubstr("/test"));
}

}  // namespace
}  // namespace eoa::train
