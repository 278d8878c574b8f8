#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/hex.h"
#include "common/base/histogram.h"
#include "common/base/program_path.h"
#include "common/base/recent_map.h"
#include "common/base/utf8.h"

namespace eoa {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

TEST(HexTest, WritesTwoSmallDigitsForEachByte) {
  EXPECT_EQ(Hex(std::array<unsigned char, 4>{0x00, 0x0f, 0xa0, 0xff}), "000fa0ff");
  EXPECT_EQ(HexNumber(0xdeadbeef, 8), "deadbeef");
  EXPECT_EQ(HexNumber(255, 4), "00ff");
  EXPECT_EQ(HexNumber(0x123, 2), "23");
}

TEST(Utf8Test, KnowsCharactersOfEveryLength) {
  EXPECT_EQ(Utf8Length("a"), 1U);
  EXPECT_EQ(Utf8Length("\xC3\xA9!"), 2U);
  EXPECT_EQ(Utf8Length("\xE2\x82\xAC"), 3U);
  EXPECT_EQ(Utf8Length("\xF0\x9F\x90\xBA"), 4U);
  EXPECT_TRUE(IsUtf8("wolf \xF0\x9F\x90\xBA caf\xC3\xA9") && IsUtf8(""));
}

TEST(Utf8Test, RefusesWhatIsNoCharacter) {
  for (const char* text :
       {"\xC3", "\xA9", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5", "\xE2\x82"}) {
    EXPECT_EQ(Utf8Length(text), 0U) << text;
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
}

TEST(Utf8Test, CutsBetweenCharacters) {
  EXPECT_EQ(Utf8Prefix("abc", 3), "abc");
  EXPECT_EQ(Utf8Prefix("abc", 2), "ab");
  EXPECT_EQ(Utf8Prefix("a\xE2\x82\xAC", 3), "a");
  EXPECT_EQ(Utf8Prefix("\xE2\x82\xAC", 2), "");
}

TEST(HistogramTest, CountsUpToEachBoundInclusive) {
  static constexpr std::array<double, 2> kBounds = {0.5, 2};
  Histogram values(kBounds);
  for (const double value : {-1.0, 0.5, 0.6, 2.0, 2.1}) values.Observe(value);
  EXPECT_THAT(values.counts(), ElementsAre(2, 2, 1));
  EXPECT_DOUBLE_EQ(values.sum(), 4.2);
  EXPECT_EQ(values.count(), 5U);
  Histogram twice = values;
  twice.Add(values);
  EXPECT_THAT(twice.counts(), ElementsAre(4, 4, 2));
  EXPECT_DOUBLE_EQ(twice.sum(), 8.4);
  EXPECT_THAT(values.counts(), ElementsAre(2, 2, 1)) << "a copy is another";
}

TEST(RecentMapTest, ForgetsWhatNobodyAskedForTheLongest) {
  RecentMap<std::string, int> map(2);
  map["a"] = 1;
  map["b"] = 2;
  EXPECT_EQ(*map.Find("a"), 1);
  map["c"] = 3;
  EXPECT_EQ(map.Find("b"), nullptr);
  EXPECT_EQ(*map.Find("a"), 1);
  EXPECT_EQ(*map.Find("c"), 3);
  map["a"] = 4;
  EXPECT_EQ(*map.Find("a"), 4);
  EXPECT_EQ(map.size(), 2U);
}

TEST(RecentMapTest, CanBeEmptied) {
  RecentMap<std::string, int> map(2);
  map["a"] = 1;
  map["b"] = 2;
  map.Erase("a");
  map.Erase("none");
  EXPECT_EQ(map.Find("a"), nullptr);
  EXPECT_EQ(map.size(), 1U);
  map.Clear();
  EXPECT_EQ(map.Find("b"), nullptr);
  EXPECT_EQ(map["b"], 0);
}

TEST(ProgramPathTest, IsWhatWasGivenOrLiesBesideThisProgram) {
  EXPECT_EQ(BesideThisProgram("/opt/x", "eoa-trainer"), "/opt/x");
  EXPECT_THAT(BesideThisProgram("", "eoa-trainer"), EndsWith("/tests/eoa-trainer"));
}

}  // namespace
}  // namespace eoa
