#include "cli/sweep/core_share.h"

#include <gtest/gtest.h>

namespace eoa::sweep {
namespace {

TEST(ShareOf, EveryCoreIsInOneShare) {
  const std::vector<int> cores = {0, 1, 4, 5, 7};
  EXPECT_EQ(ShareOf(cores, 0, 2), (std::vector{0, 1}));
  EXPECT_EQ(ShareOf(cores, 1, 2), (std::vector{4, 5, 7}));
  EXPECT_EQ(ShareOf(cores, 0, 1), cores);
}

TEST(ShareOf, FewerCoresThanRunsAreSharedByAll) { EXPECT_EQ(ShareOf({2, 3}, 2, 3), (std::vector{2, 3})); }

TEST(CoreShare, AThreadHasItsCoresBackAfterwards) {
  const std::vector<int> before = AllowedCores();
  ASSERT_FALSE(before.empty());
  {
    const CoreShare share({before.back()});
    EXPECT_EQ(AllowedCores(), std::vector{before.back()});
  }
  EXPECT_EQ(AllowedCores(), before);
}

}  // namespace
}  // namespace eoa::sweep
