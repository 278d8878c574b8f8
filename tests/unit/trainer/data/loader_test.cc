#include "trainer/data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <set>

#include "tests/unit/trainer/data/data_fixture.h"
#include "trainer/data/sampler.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

constexpr int kSize = 8;
constexpr std::size_t kImageFloats = std::size_t{3} * kSize * kSize;
const Transform kTransform{kSize, api::Augmentation::kCifarCutout, kCifar10Normalization};

FakeSource Source(std::uint32_t samples, FakeSource::OnRead on_read = nullptr) {
  return FakeSource(samples, 3, Patterned(kSize, kSize), std::move(on_read));
}

std::unique_ptr<Loader> Training(const DataSource& source, const LoaderOptions& options) {
  auto loader = Loader::ForTraining(source, FirstSamples(source.size()), kTransform, options);
  EXPECT_TRUE(loader.ok());
  return std::move(loader).value();
}

std::unique_ptr<Loader> Evaluation(const DataSource& source, const LoaderOptions& options) {
  auto loader = Loader::ForEvaluation(source, FirstSamples(source.size()), kTransform, options);
  EXPECT_TRUE(loader.ok());
  return std::move(loader).value();
}

// A copy that outlives the next call.
struct Copy {
  std::vector<float> images;
  std::vector<std::int64_t> labels;
  std::vector<std::uint32_t> samples;
  std::int64_t epoch = 0;
  bool operator==(const Copy&) const = default;
};

Copy Take(Loader& loader) {
  const auto batch = loader.Next();
  EXPECT_TRUE(batch.ok()) << batch.error().ToString();
  EXPECT_TRUE(batch->has_value());
  const Batch& b = **batch;
  EXPECT_EQ(b.images.size(), static_cast<std::size_t>(b.size) * kImageFloats);
  return {{b.images.begin(), b.images.end()},
          {b.labels.begin(), b.labels.end()},
          {b.samples.begin(), b.samples.end()},
          b.epoch};
}

TEST(TrainingLoader, FollowsTheEpochsOrderWithoutItsIncompleteBatch) {
  const FakeSource source = Source(23);
  const auto loader = Training(source, {.seed = 5, .rank = 1, .world = 2, .batch_size = 4});
  EXPECT_EQ(loader->batches_per_epoch(), 2);
  for (int epoch = 0; epoch < 3; ++epoch) {
    const auto order = EpochOrder(5, epoch, FirstSamples(23), 1, 2);
    for (int batch = 0; batch < 2; ++batch) {
      const Copy copy = Take(*loader);
      EXPECT_EQ(copy.epoch, epoch);
      EXPECT_TRUE(std::ranges::equal(copy.samples, std::span(order).subspan(static_cast<std::size_t>(4 * batch), 4)));
      for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(copy.labels[i], copy.samples[i] % 3);
    }
  }
}

TEST(TrainingLoader, GivesTheSameBatchesWhateverTheThreads) {
  const FakeSource source = Source(60);
  const auto one = Training(source, {.seed = 5, .batch_size = 7, .threads = 1, .prefetch = 0});
  const auto many = Training(source, {.seed = 5, .batch_size = 7, .threads = 5, .prefetch = 3});
  for (int i = 0; i < 50; ++i) ASSERT_EQ(Take(*one), Take(*many)) << i;
}

TEST(TrainingLoader, GoesOnWhereAnEarlierRunStopped) {
  const FakeSource source = Source(60);
  const auto whole = Training(source, {.seed = 5, .batch_size = 7});
  for (int i = 0; i < 11; ++i) Take(*whole);
  const auto resumed = Training(source, {.seed = 5, .batch_size = 7, .first_batch = 11});
  for (int i = 0; i < 10; ++i) ASSERT_EQ(Take(*resumed), Take(*whole)) << i;
}

TEST(TrainingLoader, AugmentsASampleAnewInEachEpoch) {
  const FakeSource source = Source(1);
  const auto loader = Training(source, {.seed = 5, .batch_size = 1});
  std::set<std::vector<float>> seen;
  for (int epoch = 0; epoch < 20; ++epoch) seen.insert(Take(*loader).images);
  EXPECT_GT(seen.size(), 5);  // cutout covers most of such a small image half of the time
}

TEST(TrainingLoader, AugmentsASampleAlikeWhereverItLies) {
  const FakeSource source = Source(8);
  const auto alone = Training(source, {.seed = 5, .batch_size = 8});
  const auto shared = Training(source, {.seed = 5, .rank = 0, .world = 2, .batch_size = 4});
  const Copy all = Take(*alone);
  const Copy half = Take(*shared);
  EXPECT_TRUE(std::equal(half.images.begin(), half.images.end(), all.images.begin()));
}

TEST(TrainingLoader, ExplainsABatchThatIsLargerThanAShard) {
  const FakeSource source = Source(100);
  const auto loader = Loader::ForTraining(source, FirstSamples(90), kTransform, {.world = 4, .batch_size = 23});
  ASSERT_FALSE(loader.ok());
  EXPECT_EQ(loader.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(loader.error().message(), HasSubstr("a batch has 23 images, but each of 4 members has only 22 of 90"));
}

TEST(TrainingLoader, ReportsABrokenSampleWithItsBatchAndFromThereOn) {
  const FakeSource source = Source(12, [](std::uint32_t sample) -> Status {
    if (sample == 7) return DataLossError("expected a JPEG");
    return OkStatus();
  });
  const auto loader = Training(source, {.seed = 5, .batch_size = 2, .threads = 3});
  const auto order = EpochOrder(5, 0, FirstSamples(12), 0, 1);
  const auto broken = (std::ranges::find(order, 7U) - order.begin()) / 2;
  for (std::ptrdiff_t i = 0; i < broken; ++i) Take(*loader);
  for (int i = 0; i < 3; ++i) {
    const auto batch = loader->Next();
    ASSERT_FALSE(batch.ok());
    EXPECT_EQ(batch.error().code(), ErrorCode::kDataLoss);
    EXPECT_EQ(batch.error().message(), "fake sample 7: expected a JPEG");
  }
}

TEST(TrainingLoader, ReadsNoFurtherAheadThanItsBuffers) {
  std::atomic<int> reads = 0;
  std::latch full(6);
  const FakeSource source = Source(100, [&](std::uint32_t) {
    if (++reads <= 6) full.count_down();
    return OkStatus();
  });
  {
    const auto loader = Training(source, {.batch_size = 1, .threads = 2, .prefetch = 3});
    full.wait();  // the buffers: one in use, three that wait, one for each thread
  }
  EXPECT_EQ(reads, 6);
}

TEST(TrainingLoader, GivesUpOnADiskThatDoesNotAnswerAndTakesItsAnswerLater) {
  std::latch answer(1);
  const FakeSource source = Source(4, [&](std::uint32_t) {
    answer.wait();
    return OkStatus();
  });
  LoaderOptions options{.batch_size = 2};
  options.timeout = std::chrono::milliseconds(20);
  const auto loader = Training(source, options);
  EXPECT_EQ(loader->Next().error().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_GE(loader->waited_seconds(), 0.02);
  answer.count_down();
  while (!loader->Next().ok()) {
  }
}

TEST(EvaluationLoader, ReadsEachSampleOnceInOrderAndWithoutAugmentation) {
  const FakeSource source = Source(11);
  std::vector<std::uint32_t> seen;
  std::set<std::vector<float>> images;
  for (int rank = 0; rank < 3; ++rank) {
    const auto loader = Evaluation(source, {.rank = rank, .world = 3, .batch_size = 2, .threads = 2});
    for (int batch = 0; batch < loader->batches_per_epoch(); ++batch) {
      const Copy copy = Take(*loader);
      seen.insert(seen.end(), copy.samples.begin(), copy.samples.end());
      for (std::size_t i = 0; i < copy.samples.size(); ++i) {
        const auto begin = copy.images.begin() + static_cast<std::ptrdiff_t>(i * kImageFloats);
        images.emplace(begin, begin + static_cast<std::ptrdiff_t>(kImageFloats));
      }
    }
    for (int i = 0; i < 2; ++i) {
      const auto end = loader->Next();
      ASSERT_TRUE(end.ok());
      EXPECT_FALSE(end->has_value());
    }
  }
  EXPECT_EQ(seen, FirstSamples(11));
  EXPECT_EQ(images.size(), 1);
}

TEST(EvaluationLoader, HasNothingForAMemberWithoutSamples) {
  const FakeSource source = Source(1);
  const auto loader = Evaluation(source, {.rank = 0, .world = 2, .batch_size = 2});
  EXPECT_EQ(loader->batches_per_epoch(), 0);
  const auto end = loader->Next();
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end->has_value());
}

}  // namespace
}  // namespace eoa::train
