#include "trainer/data/check_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/trainer/data/data_fixture.h"
#include "trainer/data/image_file.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

api::DatasetSpec Folder(const TemporaryDirectory& directory) {
  api::DatasetSpec dataset;
  dataset.name = api::Dataset::kImageFolder;
  dataset.path = directory.path();
  return dataset;
}

Status Check(const TemporaryDirectory& directory) {
  const api::DatasetSpec dataset = Folder(directory);
  EOA_ASSIGN_OR_RETURN(const auto train, IndexDataSource(dataset, Split::kTrain));
  return CheckDataset(dataset, *train, 2);
}

TEST(CheckDataset, WantsATestSetOfTheTrainingClassesAtTheStart) {
  const TemporaryDirectory directory;
  const Bytes image = EncodeJpeg(Patterned(8, 8));
  directory.Write("train/a/1.jpg", image);
  EXPECT_THAT(Check(directory).error().message(), HasSubstr("no folder " + directory.path() + "/test"));
  directory.Write("val/a/1.jpg", image);
  EXPECT_TRUE(Check(directory).ok());
  directory.Write("val/b/1.jpg", image);
  EXPECT_EQ(Check(directory).error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(Check(directory).error().message(), HasSubstr("val/b is a class that the training set does not have"));
}

TEST(CheckDataset, NamesAFileThatIsTooLargeWithoutReadingIt) {
  const TemporaryDirectory directory;
  directory.Write("train/a/1.jpg", "x");
  const std::string large = directory.Write("test/a/large.jpg", "x");
  std::filesystem::resize_file(large, kMaxImageFileBytes + 1);  // a hole
  const Status status = Check(directory);
  EXPECT_EQ(status.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(status.error().message(), HasSubstr(large + " has 67108865 bytes; at most 67108864 are read"));
}

TEST(FindDamaged, ListsAllThatTrainingWouldFailAtInOrder) {
  const TemporaryDirectory directory;
  const Bytes whole = EncodeJpeg(Patterned(32, 32));
  const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2));
  for (int i = 100; i < 300; ++i) {
    directory.Write("train/a/" + std::to_string(i) + ".jpg", i == 123 || i == 277 ? cut : whole);
  }
  const auto source = IndexDataSource(Folder(directory), Split::kTrain);
  ASSERT_TRUE(source.ok());
  std::uint32_t last = 0;
  const auto damaged = FindDamaged(**source, Depth::kDecode, 3, [&](std::uint32_t samples) { last = samples; });
  ASSERT_EQ(damaged.size(), 2);
  EXPECT_EQ(damaged[0].sample, 23);
  EXPECT_EQ(damaged[1].sample, 177);
  EXPECT_THAT(damaged[0].error.message(), HasSubstr("train/a/123.jpg: a corrupt or truncated JPEG image"));
  EXPECT_LE(last, 200);
  EXPECT_TRUE(FindDamaged(**source, Depth::kOpen, 3).empty());
}

}  // namespace
}  // namespace eoa::train
