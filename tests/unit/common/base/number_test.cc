#include "common/base/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "common/base/random.h"

namespace eoa {
namespace {

TEST(FormatNumber, GivesTheShortestTextThatReadsBackAsTheSameNumber) {
  EXPECT_EQ(FormatNumber(0.1), "0.1");
  EXPECT_EQ(FormatNumber(1e-6), "1e-06");
  EXPECT_EQ(FormatNumber(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(FormatNumber(-0.0), "-0");
  EXPECT_EQ(FormatNumber(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(FormatNumber(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(FormatNumber, EveryFiniteNumberReadsBack) {
  SeededRandom random(1, {});
  int finite = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>(random.NextBits());
    if (!std::isfinite(value)) continue;
    ++finite;
    ASSERT_EQ(*ParseNumber(FormatNumber(value)), value);
  }
  EXPECT_GT(finite, 19'000);
}

TEST(FormatShort, RoundsToSignificantDigits) {
  EXPECT_EQ(FormatShort(0.21349, 3), "0.213");
  EXPECT_EQ(FormatShort(123456, 2), "1.2e+05");
  EXPECT_EQ(FormatShort(5, 3), "5");
}

TEST(ParseNumber, TakesTheWholeTextAndOnlyFiniteNumbers) {
  EXPECT_EQ(*ParseNumber("0.1"), 0.1);
  EXPECT_EQ(*ParseNumber("-1e-3"), -0.001);
  EXPECT_EQ(*ParseNumber("5"), 5);
  for (const char* text : {"", " 1", "1 ", "1,5", "0x10", "1e", "--1", "+1", "nan", "inf", "-infinity", "one"}) {
    const Result<double> number = ParseNumber(text);
    ASSERT_FALSE(number.ok()) << text;
    EXPECT_EQ(number.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(number.error().message().find("'" + std::string(text) + "'"), std::string::npos) << text;
  }
  EXPECT_FALSE(ParseNumber("1e999").ok());
  EXPECT_FALSE(ParseNumber("1e-999").ok());
}

TEST(ParseInteger, TakesTheWholeTextAndWhatFits) {
  EXPECT_EQ(*ParseInteger("-12"), -12);
  EXPECT_EQ(*ParseInteger("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", "1.0", "1e3", "9223372036854775808", " 1", "0x1"}) {
    EXPECT_FALSE(ParseInteger(text).ok()) << text;
  }
}

}  // namespace
}  // namespace eoa
