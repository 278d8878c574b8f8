#include "trainer/data/memory_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/trainer/data/data_fixture.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kImageBytes = 3 * 4 * 5;

std::unique_ptr<DataSource> ThreeImages(FakeSource::OnRead on_read = nullptr) {
  return std::make_unique<FakeSource>(3, 2, Patterned(4, 5), std::move(on_read));
}

TEST(HoldInMemory, KeepsPixelsLabelsAndNames) {
  const auto held = HoldInMemory(ThreeImages(), 3 * kImageBytes, "/data");
  ASSERT_TRUE(held.ok());
  EXPECT_NE(dynamic_cast<MemorySource*>(held->get()), nullptr);
  EXPECT_TRUE(std::ranges::equal((*held)->labels(), std::vector{0, 1, 0}));
  EXPECT_EQ((*held)->class_names(), (std::vector<std::string>{"class 0", "class 1"}));
  Bytes scratch;
  const auto record = (*held)->Read(2, scratch);
  ASSERT_TRUE(record.ok());
  const auto pixels = std::get<PixelView>(*record);
  EXPECT_EQ(pixels.width, 4);
  EXPECT_EQ(pixels.height, 5);
  EXPECT_TRUE(std::ranges::equal(pixels.rgb, Patterned(4, 5).rgb));
  EXPECT_EQ((*held)->Describe(2), "/data: sample 2");
}

TEST(HoldInMemory, LeavesASetThatIsTooLargeWhereItIs) {
  auto source = ThreeImages();
  const DataSource* const same = source.get();
  const auto held = HoldInMemory(std::move(source), 3 * kImageBytes - 1, "/data");
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(held->get(), same);
}

TEST(HoldInMemory, NamesTheImageThatCannotBeRead) {
  const auto held = HoldInMemory(ThreeImages([](std::uint32_t sample) -> Status {
                                   if (sample == 1) return DataLossError("a scratch on the disk");
                                   return OkStatus();
                                 }),
                                 1000, "/data");
  ASSERT_FALSE(held.ok());
  EXPECT_THAT(held.error().message(), HasSubstr("fake sample 1: a scratch on the disk"));
}

}  // namespace
}  // namespace eoa::train
