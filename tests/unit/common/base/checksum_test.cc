#include "common/base/checksum.h"

#include <gtest/gtest.h>

#include <string>

namespace eoa {
namespace {

TEST(Crc32, GivesTheCheckValueOfTheStandard) {
  EXPECT_EQ(Crc32("123456789"), 0xcbf43926U);
  EXPECT_EQ(Crc32(""), 0U);
}

TEST(Crc32, AStreamInPiecesHasTheSumOfTheWhole) {
  const std::string whole = "population,member,learning_rate\n";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    EXPECT_EQ(Crc32(whole.substr(cut), Crc32(whole.substr(0, cut))), Crc32(whole));
  }
}

TEST(Crc32, NoticesEverySingleFlippedBit) {
  const std::string whole(64, '\0');
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(1 << bit % 8);
    EXPECT_NE(Crc32(damaged), Crc32(whole));
  }
}

}  // namespace
}  // namespace eoa
