#include "common/base/timestamp.h"

#include <gtest/gtest.h>

namespace eoa {
namespace {

using std::chrono::milliseconds;

TEST(Timestamp, IsWrittenInUtcWithTheDecimalsAskedFor) {
  EXPECT_EQ(FormatTimestamp(WallTime{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTimestamp(WallTime{}, 3), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatTimestamp(WallTime{milliseconds(-1)}, 3), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatTimestamp(WallTime{milliseconds(-1)}), "1969-12-31T23:59:59Z");
  EXPECT_EQ(FormatTimestamp(WallTime{milliseconds(1'700'000'000'042)}, 6), "2023-11-14T22:13:20.042000Z");
}

TEST(Timestamp, IsReadAsItWasWritten) {
  for (const std::int64_t at : {-1'000LL, 0LL, 42LL, 1'700'000'000'042LL, 4'102'444'799'999LL}) {
    const WallTime time{milliseconds(at)};
    EXPECT_EQ(ParseTimestamp(FormatTimestamp(time, 6)), time) << at;
  }
}

TEST(Timestamp, MayHaveAnOffsetAndAnyNumberOfDecimals) {
  const WallTime time{std::chrono::seconds(1'700'000'000)};
  EXPECT_EQ(ParseTimestamp("2023-11-15T00:13:20+02:00"), time);
  EXPECT_EQ(ParseTimestamp("2023-11-14T14:43:20.0-07:30"), time);
  EXPECT_EQ(ParseTimestamp("2023-11-14T22:13:20.1234567891Z"), time + std::chrono::nanoseconds(123'456'789));
}

TEST(Timestamp, OfAnyOtherFormIsRefused) {
  for (const char* text :
       {"", "2023", "2023-02-30T00:00:00Z", "2023-11-14T24:00:00Z", "2023-11-14T22:13:20", "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20Z ", "2023-11-14T22:13:20+2:00", "+023-11-14T22:13:20Z"}) {
    EXPECT_EQ(ParseTimestamp(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace eoa
