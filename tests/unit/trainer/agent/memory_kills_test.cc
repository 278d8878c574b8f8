#include "trainer/agent/memory_kills.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"

namespace eoa::agent {
namespace {

class MemoryKills : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(RealFileSystem().CreateDirectories(folder_.path() + "/memory").ok());
    ASSERT_TRUE(RealFileSystem().WriteFileAtomically(folder_.path() + "/" + name, text).ok());
  }
  std::int64_t Count() const { return CountMemoryKills(RealFileSystem(), folder_.path()); }

  TemporaryDirectory folder_;
};

TEST_F(MemoryKills, AreReadFromControlGroupsOfVersion2) {
  Write("memory.events", "low 0\nhigh 0\nmax 31\noom 2\noom_kill 2\noom_group_kill 0\n");
  EXPECT_EQ(Count(), 2);
}

TEST_F(MemoryKills, AreReadFromControlGroupsOfVersion1) {
  Write("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  EXPECT_EQ(Count(), 3);
}

TEST_F(MemoryKills, AreNoneWhereTheKernelCountsNone) {
  EXPECT_EQ(Count(), 0);
  Write("memory.events", "oom_kill many\n");
  EXPECT_EQ(Count(), 0);
}

}  // namespace
}  // namespace eoa::agent
