// OpenDataSource on whole data sets on disk, and the loader behind it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/trainer/data/data_fixture.h"
#include "trainer/data/data_split.h"
#include "trainer/data/loader.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

api::DatasetSpec Dataset(api::Dataset name, const std::string& path) {
  api::DatasetSpec dataset;
  dataset.name = name;
  dataset.path = path;
  return dataset;
}

TEST(OpenDataSource, FeedsAnImageFolderOfMixedSizesAndFormats) {
  const TemporaryDirectory directory;
  for (int i = 0; i < 6; ++i) {
    directory.Write("train/dark/" + std::to_string(i) + ".jpg", EncodeJpeg(Plain(40 + i, 50, 10, 10, 10)));
    directory.Write("train/light/" + std::to_string(i) + ".png", EncodePng(Plain(70, 40 + i, 240, 240, 240)));
  }
  const auto source = OpenDataSource(Dataset(api::Dataset::kImageFolder, directory.path()), Split::kTrain);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  const DataSplit split = MakeSplit((*source)->labels(), 0.34, 1);
  EXPECT_EQ(split.validation.size(), 4);
  const Transform transform{32, api::Augmentation::kImageNet, kHalfNormalization};
  const auto loader = Loader::ForTraining(**source, split.train, transform, {.batch_size = 8, .threads = 2});
  ASSERT_TRUE(loader.ok());
  for (int step = 0; step < 5; ++step) {
    const auto batch = (*loader)->Next();
    ASSERT_TRUE(batch.ok() && batch->has_value());
    const Batch& b = **batch;
    for (std::size_t i = 0; i < 8; ++i) {
      const bool light = b.labels[i] == 1;
      EXPECT_NEAR(b.images[i * 3 * 32 * 32 + 500], light ? 0.88F : -0.92F, 0.02F);
    }
  }
}

TEST(OpenDataSource, NamesShardAndRecordOfACorruptImage) {
  const TemporaryDirectory directory;
  Bytes broken = EncodeJpeg(Patterned(32, 32));
  broken.resize(broken.size() / 2);
  directory.Write("train-0.tar", TarArchive({TarMember("00000.jpg", AsText(EncodeJpeg(Patterned(32, 32)))),
                                             TarMember("00000.cls", "0"), TarMember("00001.jpg", AsText(broken)),
                                             TarMember("00001.cls", "1")}));
  const auto source = OpenDataSource(Dataset(api::Dataset::kWebDataset, directory.path()), Split::kTrain);
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(source.error().message(), HasSubstr("train-0.tar: 00001.jpg: a corrupt or truncated JPEG image"));
}

TEST(OpenDataSource, NamesTheFolderThatIsMissing) {
  const auto source = OpenDataSource(Dataset(api::Dataset::kCifar10, "/nowhere/at/all"), Split::kTrain);
  EXPECT_EQ(source.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(source.error().message(), HasSubstr("/nowhere/at/all"));
}

}  // namespace
}  // namespace eoa::train
