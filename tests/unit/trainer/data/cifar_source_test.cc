#include "trainer/data/cifar_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The record of `image`: labels, then the planes.
void AppendRecord(const std::vector<std::uint8_t>& labels, const TestImage& image, Bytes& file) {
  file.insert(file.end(), labels.begin(), labels.end());
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t i = channel; i < image.rgb.size(); i += 3) file.push_back(image.rgb[i]);
  }
}

TEST(AppendCifarRecords, InterleavesThePlanes) {
  Bytes file;
  AppendRecord({3}, Patterned(32, 32), file);
  AppendRecord({9}, Plain(32, 32, 1, 2, 3), file);
  DecodedImages images;
  std::vector<std::int32_t> labels;
  ASSERT_TRUE(AppendCifarRecords(kCifar10Format, file, "f", images, labels).ok());
  EXPECT_THAT(labels, ElementsAre(3, 9));
  Bytes expected = Patterned(32, 32).rgb;
  const Bytes second = Plain(32, 32, 1, 2, 3).rgb;
  expected.insert(expected.end(), second.begin(), second.end());
  EXPECT_EQ(images.rgb, expected);
}

TEST(AppendCifarRecords, TakesTheFineLabelOfCifar100) {
  Bytes file;
  AppendRecord({19, 99}, Plain(32, 32, 1, 2, 3), file);
  DecodedImages images;
  std::vector<std::int32_t> labels;
  ASSERT_TRUE(AppendCifarRecords(kCifar100Format, file, "f", images, labels).ok());
  EXPECT_THAT(labels, ElementsAre(99));
}

TEST(AppendCifarRecords, NamesTheRecordWhoseLabelIsNoClass) {
  Bytes file;
  AppendRecord({9}, Plain(32, 32, 1, 2, 3), file);
  AppendRecord({10}, Plain(32, 32, 1, 2, 3), file);
  DecodedImages images;
  std::vector<std::int32_t> labels;
  const Status status = AppendCifarRecords(kCifar10Format, file, "data_batch_1.bin", images, labels);
  EXPECT_EQ(status.error().code(), ErrorCode::kDataLoss);
  EXPECT_EQ(status.error().message(), "data_batch_1.bin, record 1: label 10; expected 0 to 9");
}

TEST(AppendCifarRecords, RefusesAPartOfARecord) {
  DecodedImages images;
  std::vector<std::int32_t> labels;
  const Status status = AppendCifarRecords(kCifar10Format, Bytes(3072), "f", images, labels);
  EXPECT_THAT(status.error().message(), HasSubstr("f has 3072 bytes; expected a multiple of 3073"));
}

TEST(OpenCifar10, ReadsTheOfficialFilesFromTheirFolder) {
  const TemporaryDirectory directory;
  Bytes file;
  const TestImage image = Patterned(32, 32);
  for (int i = 0; i < 10000; ++i) AppendRecord({static_cast<std::uint8_t>(i % 10)}, image, file);
  directory.Write("cifar-10-batches-bin/test_batch.bin", file);
  directory.Write("cifar-10-batches-bin/batches.meta.txt",
                  "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
  const auto source = OpenCifar10(directory.path(), Split::kTest);
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_EQ((*source)->size(), 10000);
  EXPECT_EQ((*source)->labels()[9999], 9);
  EXPECT_EQ((*source)->class_names()[9], "truck");
}

TEST(OpenCifar10, RefusesAFileThatWasCutBetweenRecords) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("test_batch.bin", "");
  std::filesystem::resize_file(path, 9999 * 3073);
  const auto source = OpenCifar10(directory.path(), Split::kTest);
  EXPECT_EQ(source.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(source.error().message(), HasSubstr("has 30726927 bytes; expected 30730000: 10000 records"));
}

TEST(OpenCifar10, NamesTheBatchThatIsMissing) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("data_batch_1.bin", "");
  std::filesystem::resize_file(path, 30730000);
  const auto source = OpenCifar10(directory.path(), Split::kTrain);
  EXPECT_EQ(source.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(source.error().message(), HasSubstr("data_batch_2.bin"));
}

TEST(OpenCifar100, TellsHowToGetTheFiles) {
  const TemporaryDirectory directory;
  const auto source = OpenCifar100(directory.path(), Split::kTrain);
  EXPECT_EQ(source.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(source.error().message(), HasSubstr("run `eoa data cifar100 " + directory.path() + "`"));
}

TEST(OpenCifar100, RefusesNamesOfAnotherSet) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("test.bin", "");
  std::filesystem::resize_file(path, 30740000);
  directory.Write("fine_label_names.txt", "apple\nbaby\n");
  const auto source = OpenCifar100(directory.path(), Split::kTest);
  EXPECT_EQ(source.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(source.error().message(), HasSubstr("names 2 classes, one in each line; expected 100"));
}

}  // namespace
}  // namespace eoa::train
