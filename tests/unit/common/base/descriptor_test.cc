#include "common/base/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <utility>

#include <gtest/gtest.h>

namespace eoa {
namespace {

bool IsOpen(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

int OpenOne() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(DescriptorTest, ClosesWhatItOwnsAtItsEnd) {
  int raw = -1;
  {
    const Descriptor descriptor(OpenOne());
    raw = descriptor.get();
    EXPECT_TRUE(descriptor.valid() && IsOpen(raw));
  }
  EXPECT_FALSE(IsOpen(raw));
}

TEST(DescriptorTest, MovingHandsItOverAndClosesWhatWasThere) {
  Descriptor from(OpenOne());
  Descriptor to(OpenOne());
  const int handed = from.get();
  const int replaced = to.get();
  to = std::move(from);
  EXPECT_EQ(to.get(), handed);
  EXPECT_TRUE(IsOpen(handed));
  EXPECT_FALSE(IsOpen(replaced));
  Descriptor last(std::move(to));
  EXPECT_EQ(last.get(), handed);
  Descriptor& itself = last;
  last = std::move(itself);
  EXPECT_TRUE(IsOpen(handed)) << "moved onto itself";
}

TEST(DescriptorTest, CanBeClosedEarlyAndGivenAway) {
  Descriptor descriptor(OpenOne());
  const int raw = descriptor.Release();
  EXPECT_FALSE(descriptor.valid());
  EXPECT_TRUE(IsOpen(raw));
  Descriptor again(raw);
  again.Close();
  EXPECT_FALSE(IsOpen(raw));
  again.Close();
  EXPECT_FALSE(Descriptor().valid());
}

}  // namespace
}  // namespace eoa
