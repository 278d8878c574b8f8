// The embedded subset of CIFAR-10 is what its README.md says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "trainer/data/data_source.h"

namespace eoa::train {
namespace {

const std::string kFolder = std::string(EOA_SOURCE_DIR) + "/manifests/samples/data/cifar10-subset";

// Checks one split and returns its images as text.
std::set<std::string> CheckBalancedImages(Split split, int per_class) {
  api::DatasetSpec dataset;
  dataset.name = api::Dataset::kWebDataset;
  dataset.path = kFolder;
  const auto opened = OpenDataSource(dataset, split);
  EXPECT_TRUE(opened.ok()) << opened.error().ToString();
  const DataSource& source = **opened;
  EXPECT_THAT(source.class_names(), ::testing::ElementsAre("airplane", "automobile", "bird", "cat", "deer", "dog",
                                                           "frog", "horse", "ship", "truck"));
  std::map<int, int> counts;
  std::set<std::string> images;
  std::vector<std::uint8_t> scratch;
  for (std::uint32_t sample = 0; sample < source.size(); ++sample) {
    ++counts[source.labels()[sample]];
    const auto record = source.Read(sample, scratch);
    EXPECT_TRUE(record.ok());
    const auto pixels = std::get<PixelView>(*record);
    EXPECT_EQ(pixels.width, 32);
    EXPECT_EQ(pixels.height, 32);
    images.emplace(pixels.rgb.begin(), pixels.rgb.end());
  }
  EXPECT_EQ(counts.size(), 10);
  for (const auto& [label, count] : counts)
    EXPECT_EQ(count, per_class) << source.class_names().at(static_cast<std::size_t>(label));
  return images;
}

TEST(Cifar10Subset, HoldsTheSameNumberOfEachClass) {
  const auto train = CheckBalancedImages(Split::kTrain, 500);
  const auto test = CheckBalancedImages(Split::kTest, 100);
  // CIFAR-10 itself holds a few images twice.
  EXPECT_GE(train.size(), 4990);
  EXPECT_GE(test.size(), 990);
  std::set<std::string> both = train;
  both.insert(test.begin(), test.end());
  EXPECT_GE(both.size(), train.size() + test.size() - 10);
}

TEST(Cifar10Subset, HasTheChecksumsItStates) {
  EXPECT_EQ(std::system(("cd '" + kFolder + "' && sha256sum --quiet -c SHA256SUMS").c_str()), 0);
}

}  // namespace
}  // namespace eoa::train
