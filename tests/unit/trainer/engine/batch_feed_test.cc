// A job trains on the same bits whether a loader's threads make its batches or the device that holds the images.
#include "trainer/engine/batch_feed.h"

#include <numeric>

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "trainer/data/memory_source.h"

namespace eoa::train {
namespace {

constexpr std::uint32_t kImages = 50;
constexpr int kSize = 32;

std::unique_ptr<MemorySource> Images(int size) {
  SeededRandom random(3, {1, 2});
  DecodedImages images;
  std::vector<std::int32_t> labels;
  for (std::uint32_t i = 0; i < kImages; ++i) {
    images.sizes.push_back({size, size});
    for (int k = 0; k < size * size * 3; ++k) images.rgb.push_back(static_cast<std::uint8_t>(random.NextBelow(256)));
    labels.push_back(static_cast<std::int32_t>(i % 3));
  }
  return std::make_unique<MemorySource>(std::move(images), std::move(labels), std::vector<std::string>{"a", "b", "c"},
                                        "memory");
}

std::vector<std::uint32_t> All() {
  std::vector<std::uint32_t> samples(kImages);
  std::iota(samples.begin(), samples.end(), 0U);
  return samples;
}

const c10::Device kCpu(c10::kCPU);

class EachAugmentation : public testing::TestWithParam<api::Augmentation> {};

TEST_P(EachAugmentation, ResidentImagesGiveTheLoadersBatches) {
  const auto source = Images(kSize);
  const Transform transform{kSize, GetParam(), kCifar10Normalization};
  const LoaderOptions options{.seed = 9, .rank = 1, .world = 2, .batch_size = 8, .first_batch = 2};
  const auto resident = ResidentImages::Make(*source, transform, kCpu).value();
  ASSERT_NE(resident, nullptr);
  const auto feed = resident->ForTraining(All(), options);
  const auto from_loader = FeedFrom(Loader::ForTraining(*source, All(), transform, options).value(), kSize, kCpu);
  for (int batch = 0; batch < 10; ++batch) {  // over the ends of epochs
    const MicroBatch expected = from_loader->Next().value().value();
    const MicroBatch made = feed->Next().value().value();
    EXPECT_TRUE(at::equal(made.images, expected.images)) << "batch " << batch;
    EXPECT_TRUE(made.images.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_TRUE(at::equal(made.labels, expected.labels));
  }
}

TEST_P(EachAugmentation, ResidentImagesAreEvaluatedAsTheLoaderDoes) {
  const auto source = Images(kSize);
  const Transform transform{kSize, GetParam(), kCifar10Normalization};
  const LoaderOptions options{.rank = 1, .world = 3, .batch_size = 7};
  const auto resident = ResidentImages::Make(*source, transform, kCpu).value();
  const auto feed = resident->ForEvaluation(All(), options);
  const auto from_loader = FeedFrom(Loader::ForEvaluation(*source, All(), transform, options).value(), kSize, kCpu);
  for (;;) {
    const auto expected = from_loader->Next().value();
    const auto made = feed->Next().value();
    ASSERT_EQ(made.has_value(), expected.has_value());
    if (!made) break;
    EXPECT_TRUE(at::equal(made->images, expected->images));
    EXPECT_TRUE(at::equal(made->labels, expected->labels));
  }
}

INSTANTIATE_TEST_SUITE_P(Cifar, EachAugmentation,
                         testing::Values(api::Augmentation::kNone, api::Augmentation::kCifar,
                                         api::Augmentation::kCifarCutout));

TEST(ResidentImages, AreNoneWherePixelsAreResampled) {
  const auto source = Images(kSize);
  for (const api::Augmentation augmentation : {api::Augmentation::kVit, api::Augmentation::kImageNet}) {
    const Transform transform{kSize, augmentation, kHalfNormalization};
    EXPECT_EQ(ResidentImages::Make(*source, transform, kCpu).value(), nullptr);
  }
  const Transform larger{2 * kSize, api::Augmentation::kCifar, kCifar10Normalization};
  EXPECT_EQ(ResidentImages::Make(*source, larger, kCpu).value(), nullptr);
}

}  // namespace
}  // namespace eoa::train
